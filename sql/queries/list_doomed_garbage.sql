-- Pictures that are to be removed.
-- $1 how many at most
select image_key
from retrato.garbage
where doomed_at is not null
order by image_key
limit $1::integer
