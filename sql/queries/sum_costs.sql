-- What was paid, by month (UTC), company and provider; the youngest month first.
-- $1 how many months back, 1 = only this one   $2 only this company, null = all
select
    date_trunc('month', a.started_at at time zone 'UTC')::date as month,
    a.empresa_id,
    a.provider,
    count(*) filter (where a.state = 'succeeded') as pictures,
    coalesce(sum(a.cost_usd), 0)::float8 as cost_usd,
    count(*) filter (where a.state = 'succeeded' and a.cost_usd is null) as of_unknown_cost
from retrato.attempts a
where
    a.started_at >= (date_trunc('month', now() at time zone 'UTC') - make_interval(months => $1::integer - 1))
    at time zone 'UTC'
    and ($2::text is null or a.empresa_id = $2::text)
group by 1, 2, 3
order by 1 desc, 2, 3
