-- The first seed of a version that was not spoiled yet: what came out bad once comes out bad again.
-- $1 persona id   $2 version
select coalesce(max(redraw) + 1, 0) as redraw
from retrato.attempts
where persona_id = $1::text and version = $2::integer and fault = 'bad_output'
