-- What a version was ordered with.
-- $1 persona id   $2 version
select persona_id, version, seed, prompt, leg, model, width, height, steps, guidance
from retrato.avatars
where persona_id = $1::text and version = $2::integer
