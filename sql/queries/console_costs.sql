-- What companies have paid in this month (UTC); pictures of unknown cost are counted, not guessed.
-- $1 companies text[]
select
    a.empresa_id,
    coalesce(sum(a.cost_usd), 0)::float8 as cost_usd,
    count(*) filter (where a.state = 'succeeded' and a.cost_usd is null) as of_unknown_cost
from retrato.attempts a
where
    a.started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
    and a.empresa_id = any($1::text[])
group by a.empresa_id
