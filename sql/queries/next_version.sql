-- The number that comes behind all versions of a persona.
-- $1 persona
select coalesce(max(version), 0) + 1 as version
from retrato.avatars
where persona_id = $1::text
