-- Hand jobs back without burning an attempt: the replica stops, or nobody can draw now.
-- $1 persona ids text[]   $2 tokens bigint[]   $3 not before, seconds from now   $4 reason text, null = keep the last
with freed as (
    update retrato.legs l
    set slots = l.slots - array(select unnest($2::bigint[])::text)
    where l.slots ?| array(select unnest($2::bigint[])::text)
)
update retrato.jobs j
set
    state = 'queued',
    delayed = $3::float8 > 0,
    run_at = clock_timestamp() + make_interval(secs => $3::float8),
    token = null,
    replica_id = null,
    lease_until = null,
    last_error = coalesce($4::text, j.last_error)
from unnest($1::text[], $2::bigint[]) as held(persona_id, token)
where j.persona_id = held.persona_id and j.token = held.token and j.state = 'running'
returning j.persona_id
