-- Legs that must not be called now, and for how many seconds more: suspended for everybody or for our account, being
-- probed by somebody, or paused.
-- $1 provider → fingerprint of our account, jsonb
select leg, max(opens_in_s)::float8 as opens_in_s
from (
    select s.leg, extract(epoch from greatest(s.suspended_until, s.probing_until) - clock_timestamp()) as opens_in_s
    from retrato.leg_suspensions s
    where
        (s.key is null or s.key = $1::jsonb ->> split_part(s.leg, '/', 1))
        and greatest(s.suspended_until, s.probing_until) > clock_timestamp()
    union all
    select l.leg, {paused_leg_s}
    from retrato.legs l
    join retrato.pauses p on p.scope = 'leg' and (l.leg = p.name or starts_with(l.leg, p.name || '/'))
) closed
group by leg
order by leg
