-- The personas of one company or one persona, with their state.
-- $1 company, null = any   $2 persona ids text[], null = all   $3 states text[], null = all   $4 limit
select
    persona_id, empresa_id, name, state, provider, attempts, last_error, avatar_url, thumbnail_url, version, seed,
    took_s, generated_at, run_at
from retrato.persona_status
where
    ($1::text is null or empresa_id = $1::text)
    and ($2::text[] is null or persona_id = any($2::text[]))
    and ($3::text[] is null or state = any($3::text[]))
order by name, persona_id
limit $4::integer
