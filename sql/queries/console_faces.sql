-- The newest pictures of companies: their faces at a glance.
-- $1 companies text[]   $2 how many of each
select asked.empresa_id, array_agg(newest.thumbnail_key order by newest.created_at desc) as thumbnail_keys
from unnest($1::text[]) as asked(empresa_id)
cross join lateral (
    select a.thumbnail_key, a.created_at
    from retrato.avatars a
    where a.empresa_id = asked.empresa_id
    order by a.created_at desc
    limit $2::integer
) newest
group by asked.empresa_id
