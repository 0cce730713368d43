-- The legs, for /metrics: until when each is suspended and by which fault, and whether an operator has paused it.
-- $1 provider → fingerprint of our account, jsonb; where we have none, whichever account is suspended longest counts
select
    jsonb_agg(
        jsonb_build_object(
            'leg', l.leg,
            'fault', suspension.fault,
            'closed_until_s', extract(epoch from suspension.suspended_until),
            'paused', exists (
                select
                from retrato.pauses p
                where p.scope = 'leg' and (l.leg = p.name or starts_with(l.leg, p.name || '/'))
            )
        )
    ) as legs
from retrato.legs l
left join lateral (
    select s.fault, s.suspended_until
    from retrato.leg_suspensions s
    where
        s.leg = l.leg
        and s.suspended_until > clock_timestamp()
        and coalesce(s.key = coalesce($1::jsonb ->> split_part(l.leg, '/', 1), s.key), true)
    order by s.suspended_until desc
    limit 1
) suspension on true
