-- Remember since when nobody names these pictures.
-- $1 image keys   $2 token of each
insert into retrato.garbage (image_key, token)
select image_key, token
from unnest($1::text[], $2::bigint[]) as stored(image_key, token)
on conflict do nothing
