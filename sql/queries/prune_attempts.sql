-- Forget old attempts, a few at a time. What the current and the last month cost is never forgotten.
-- $1 days   $2 how many at most
with old as (
    select id
    from retrato.attempts
    where
        -- now(), not clock_timestamp(): only what stays the same for the statement ends a walk through the index
        started_at < least(
            now() - make_interval(days => $1::integer),
            date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' - interval '1 month'
        )
    order by started_at
    limit $2::integer
),
gone as (
    delete from retrato.attempts
    where id = any(array(select id from old))
    returning id
)
select count(*)::integer as gone
from gone
