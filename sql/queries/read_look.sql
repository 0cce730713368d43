-- How a persona looks, and the version that it was drawn for.
-- $1 persona id
select look, version
from retrato.looks
where persona_id = $1::text
