-- Second statement of the write-back, with a fresh snapshot: check fence and generation, write everything. Where the
-- fence does not hold nothing is written, and nothing is answered.
--
-- $1 jsonb array, at most one object a persona: persona_id, token, generation, version and what retrato.avatars keeps,
--    metadados (jsonb object), service (text)   $2 persona ids text[] whose rows are locked; the others are passed over
with finished as materialized (
    select *
    from jsonb_to_recordset($1::jsonb) as f(
        persona_id text,
        token bigint,
        generation integer,
        version integer,
        image_key text,
        thumbnail_key text,
        image_url text,
        thumbnail_url text,
        sha256 text,
        image_bytes integer,
        width integer,
        height integer,
        provider text,
        leg text,
        model text,
        prompt text,
        seed bigint,
        redraw integer,
        steps integer,
        guidance real,
        cost_usd numeric,
        attempts integer,
        took_s real,
        service text,
        metadados jsonb
    )
),
mine as materialized (
    select f.*, j.empresa_id, j.generation <> f.generation as asked_again
    from finished f
    join retrato.jobs j on j.persona_id = f.persona_id and j.token = f.token
    where j.state = 'running' and f.persona_id = any($2::text[])
    for update of j
),
versions as (
    insert into retrato.avatars (
        persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
        sha256, image_bytes, width, height, provider, leg, model, prompt, seed, redraw, steps, guidance, cost_usd,
        attempts, took_s
    )
    select
        persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
        sha256, image_bytes, width, height, provider, leg, model, prompt, seed, redraw, steps, guidance, cost_usd,
        attempts, took_s
    from mine
),
ended as (
    delete from retrato.jobs j
    using mine
    where j.persona_id = mine.persona_id and not mine.asked_again
),
queued_again as (
    update retrato.jobs j
    set
        state = 'queued',
        delayed = false,
        run_at = clock_timestamp(),
        place = nextval('retrato.places'),
        attempts = 0,
        takeovers = 0,
        token = null,
        replica_id = null,
        lease_until = null,
        version = null,
        redraw = null,
        seed = null,
        last_fault = null,
        last_error = null
    from mine
    where j.persona_id = mine.persona_id and mine.asked_again
){host_writes}
select token, asked_again
from mine
