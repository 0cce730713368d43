-- Legs that must not be called now, and for how many seconds more: closed, or being probed by somebody.
select leg, extract(epoch from greatest(closed_until, probing_until) - clock_timestamp())::float8 as opens_in_s
from retrato.legs
where closed_until is not null and greatest(closed_until, probing_until) > clock_timestamp()
order by leg
