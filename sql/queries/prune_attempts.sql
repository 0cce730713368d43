-- Forget old attempts, a few at a time. What the current and the last month cost is never forgotten.
-- $1 days   $2 how many at most
with old as (
    select id
    from retrato.attempts
    where
        started_at < least(
            clock_timestamp() - make_interval(days => $1::integer),
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
