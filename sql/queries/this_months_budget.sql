-- What is spent and set aside of this month's budget (UTC), with what no budget has counted yet; no row where nothing
-- was paid for this month.
select
    date_trunc('month', now() at time zone 'UTC')::date as month,
    (coalesce(b.spent_usd, 0) + a.spent_usd)::float8 as spent_usd,
    (coalesce(b.reserved_usd, 0) + a.reserved_usd)::float8 as reserved_usd
from (
    select
        coalesce(sum(cost_usd) filter (where not is_open), 0) as spent_usd,
        coalesce(sum(coalesce(cost_usd, price_usd)) filter (where is_open), 0) as reserved_usd
    from (
        select cost_usd, price_usd, state = 'sending' or fault is not distinct from 'unknown_outcome' as is_open
        from retrato.attempts
        where
            started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
            and reserved_usd is null
    ) uncounted
) a
left join retrato.budget b on b.month = date_trunc('month', now() at time zone 'UTC')::date
where b.month is not null or a.spent_usd + a.reserved_usd > 0
