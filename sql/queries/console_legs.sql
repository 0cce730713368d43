-- All legs that were ever asked: breaker, the last day's calls, this month's money (UTC).
-- $1 provider → fingerprint of our account, jsonb
select
    l.leg,
    case
        when suspension.suspended_until > clock_timestamp() then 'suspended'
        when suspension.suspended_until is not null then 'probing'
        else 'available'
    end as state,
    coalesce(suspension.suspended_until > clock_timestamp(), false) as closed,
    case when suspension.suspended_until > clock_timestamp() then suspension.suspended_until end as suspended_until,
    greatest(0, extract(epoch from suspension.suspended_until - clock_timestamp()))::float8 as opens_in_s,
    other.suspended_until as other_key_until,
    greatest(l.faults_in_row, suspension.faults_in_row) as faults_in_row,
    coalesce(suspension.fault, l.last_fault) as last_fault,
    coalesce(suspension.reason, l.reason) as reason,
    l.succeeded_at,
    coalesce(day.succeeded, 0) as succeeded_24h,
    coalesce(day.failed, 0) as failed_24h,
    day.times_s[1] as median_s,
    day.times_s[2] as p95_s,
    coalesce(month.cost_usd, 0)::float8 as month_usd
from retrato.legs l
left join lateral (
    -- ours, and where we have no such account whichever lasts longest
    select s.suspended_until, s.probing_until, s.faults_in_row, s.fault, s.reason
    from retrato.leg_suspensions s
    where
        s.leg = l.leg
        and coalesce(s.key = coalesce($1::jsonb ->> split_part(l.leg, '/', 1), s.key), true)
    order by s.suspended_until desc nulls last
    limit 1
) suspension on true
left join lateral (
    select max(s.suspended_until) as suspended_until
    from retrato.leg_suspensions s
    where s.leg = l.leg and s.key <> $1::jsonb ->> split_part(l.leg, '/', 1) and s.suspended_until > clock_timestamp()
) other on true
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
