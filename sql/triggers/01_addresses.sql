-- Every address under which a version is or was known, today's last: what the cover triggers recognise.
create or replace view retrato.addresses as
select
    v.persona_id,
    v.version,
    known.image_url,
    known.thumbnail_url,
    known.used_at
from retrato.avatars v
cross join lateral (
    select v.image_url, v.thumbnail_url, timestamptz '-infinity' as used_at
    union all
    select u.url || '/' || v.image_key, u.url || '/' || v.thumbnail_key, u.used_at
    from retrato.public_urls u
    where {is_built_of_v}
    union all
    select {image_url_of_v}, {thumbnail_url_of_v}, 'infinity'
) known;
