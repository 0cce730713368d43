-- Hand a job back without burning an attempt: the replica stops, or nobody can draw now. One job at a time: who holds
-- one row while waiting for the next can wait in a circle with an application that raises flags.
-- $1 persona id   $2 token   $3 not before, seconds from now   $4 reason text, null = keep the last
-- $5 the legs that it waits for, null = not said
with released as (
    update retrato.jobs j
    set
        state = 'queued',
        delayed = $3::float8 > 0,
        -- 0: the claim that finds it due gives it one
        round = case when $3::float8 > 0 then 0 else retrato.next_round(j.lane) end,
        run_at = clock_timestamp() + make_interval(secs => $3::float8),
        token = null,
        replica_id = null,
        lease_until = null,
        last_error = coalesce($4::text, j.last_error),
        waits_for = $5::text[]
    where j.persona_id = $1::text and j.token = $2::bigint and j.state = 'running'
    returning j.persona_id, j.delayed
),
freed as (
    -- its call, if one is under way, is given up
    update retrato.legs l
    set slots = l.slots - $2::bigint::text
    where l.slots ? $2::bigint::text
)
select
    persona_id,
    -- The others sleep, and a claimable job keeps applications from waking them.
    case when not delayed then pg_notify('retrato', '') end as rung
from released
