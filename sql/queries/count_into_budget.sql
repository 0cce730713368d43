-- Count attempts of this month (UTC) that were begun while no budget was set, a few at a time and each once: from now on
-- they are settled like all others. What is under way, or of unknown outcome, is set aside. Whoever counts holds the
-- lock of the counters, so that nobody takes a half counted month for a counted one.
--
-- Attempts before the budget's row, as in end_attempt.sql.
--
-- $1 begun within so many seconds   $2 how many at most
with uncounted as materialized (
    select id
    from retrato.attempts
    where
        started_at >= greatest(
            now() - make_interval(secs => $1::float8), date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
        )
        and reserved_usd is null
    order by started_at
    limit $2::integer
    for update
),
counted as (
    update retrato.attempts a
    set reserved_usd = coalesce(a.cost_usd, a.price_usd, 0)
    where a.id = any(array(select id from uncounted))
    returning
        a.reserved_usd,
        a.cost_usd,
        a.state = 'sending' or a.fault is not distinct from 'unknown_outcome' as is_open
),
sums as materialized (
    select
        count(*) as attempts,
        coalesce(sum(cost_usd) filter (where not is_open), 0) as spent_usd,
        coalesce(sum(reserved_usd) filter (where is_open), 0) as reserved_usd
    from counted
),
added as (
    insert into retrato.budget as b (month, reserved_usd, spent_usd)
    select date_trunc('month', now() at time zone 'UTC')::date, reserved_usd, spent_usd
    from sums
    where attempts > 0
    on conflict (month) do update
    set reserved_usd = b.reserved_usd + excluded.reserved_usd, spent_usd = b.spent_usd + excluded.spent_usd
)
select attempts
from sums
