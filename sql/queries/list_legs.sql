-- All legs that were ever asked, with their breakers and what they did in the last day.
select
    l.leg,
    l.closed_until > clock_timestamp() as closed,
    greatest(0, extract(epoch from l.closed_until - clock_timestamp()))::float8 as opens_in_s,
    l.faults_in_row,
    l.last_fault,
    l.reason,
    l.succeeded_at,
    coalesce(day.succeeded, 0) as succeeded_24h,
    coalesce(day.failed, 0) as failed_24h,
    day.median_s
from retrato.legs l
left join lateral (
    select
        count(*) filter (where a.state = 'succeeded') as succeeded,
        count(*) filter (where a.state = 'failed') as failed,
        percentile_cont(0.5) within group (order by extract(epoch from a.finished_at - a.started_at))
        filter (where a.state = 'succeeded') as median_s
    from retrato.attempts a
    where a.leg = l.leg and a.started_at > now() - interval '24 hours'
) day on true
order by l.leg
