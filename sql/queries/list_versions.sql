-- All finished versions of a persona, the newest first.
-- $1 persona
select
    version,
    restored_from,
    provider,
    model,
    seed,
    cost_usd::float8 as cost_usd,
    {image_url_of_v} as image_url,
    created_at
from retrato.avatars v
where persona_id = $1::text
order by version desc
