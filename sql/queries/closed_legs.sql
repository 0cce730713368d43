-- Legs that must not be called now, and for how many seconds more.
select leg, extract(epoch from closed_until - clock_timestamp())::float8 as opens_in_s
from retrato.legs
where closed_until > clock_timestamp()
order by leg
