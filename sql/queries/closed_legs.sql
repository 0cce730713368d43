-- Legs that must not be called now, and for how many seconds more: closed, being probed by somebody, or paused.
select leg, max(opens_in_s)::float8 as opens_in_s
from (
    select leg, extract(epoch from greatest(closed_until, probing_until) - clock_timestamp()) as opens_in_s
    from retrato.legs
    where closed_until is not null and greatest(closed_until, probing_until) > clock_timestamp()
    union all
    select l.leg, {paused_leg_s}
    from retrato.legs l
    join retrato.pauses p on p.scope = 'leg' and (l.leg = p.name or starts_with(l.leg, p.name || '/'))
) closed
group by leg
order by leg
