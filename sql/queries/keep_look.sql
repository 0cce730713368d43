-- Keep a look, if the job is still ours. One that somebody in the company has already is a violation of the unique
-- fingerprint: the caller draws the next one.
-- $1 persona id   $2 token   $3 look jsonb   $4 fingerprint   $5 version
insert into retrato.looks as l (persona_id, empresa_id, look, fingerprint, version)
select j.persona_id, j.empresa_id, $3::jsonb, $4::text, $5::integer
from retrato.jobs j
where j.persona_id = $1::text and j.token = $2::bigint
on conflict (persona_id) do update
set
    empresa_id = excluded.empresa_id,
    look = excluded.look,
    fingerprint = excluded.fingerprint,
    version = excluded.version,
    drawn_at = now()
returning persona_id
