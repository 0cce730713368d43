-- All finished versions of a persona, the newest first.
-- $1 persona
select
    version, restored_from, image_key, thumbnail_key, width, height, image_bytes, provider, leg, model, prompt, seed, steps,
    guidance::float8 as guidance, cost_usd::float8 as cost_usd, attempts, took_s::float8 as took_s, created_at
from retrato.avatars
where persona_id = $1::text
order by version desc
limit 100
