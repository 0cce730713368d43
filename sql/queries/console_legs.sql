-- All legs that were ever asked: breaker, the last day's calls, this month's money (UTC).
select
    l.leg,
    coalesce(l.closed_until > clock_timestamp(), false) as closed,
    greatest(0, extract(epoch from l.closed_until - clock_timestamp()))::float8 as opens_in_s,
    l.faults_in_row,
    l.last_fault,
    l.reason,
    l.succeeded_at,
    coalesce(day.succeeded, 0) as succeeded_24h,
    coalesce(day.failed, 0) as failed_24h,
    day.times_s[1] as median_s,
    day.times_s[2] as p95_s,
    coalesce(month.cost_usd, 0)::float8 as month_usd
from retrato.legs l
left join lateral (
    select
        count(*) filter (where a.state = 'succeeded') as succeeded,
        count(*) filter (where a.state = 'failed') as failed,
        percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from a.finished_at - a.started_at)::float8)
        filter (where a.state = 'succeeded') as times_s
    from retrato.attempts a
    where a.leg = l.leg and a.started_at > now() - interval '24 hours'
) day on true
left join lateral (
    select sum(a.cost_usd) as cost_usd
    from retrato.attempts a
    where a.leg = l.leg and a.started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
) month on true
order by l.leg
