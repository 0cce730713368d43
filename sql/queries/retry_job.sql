-- The whole job failed: again in $4 seconds, or failed for good after $5 attempts. When it was asked for once more
-- meanwhile (its generation has moved), it begins anew at once.
-- $1 persona id   $2 token   $3 generation when claimed   $4 wait in seconds   $5 most attempts integer
-- $6 fault text   $7 error text   $8 the legs that it waits for, null = not said
update retrato.jobs j
set
    state = case when j.generation = $3::integer and j.attempts + 1 >= $5::integer then 'failed' else 'queued' end,
    attempts = case when j.generation = $3::integer then j.attempts + 1 else 0 end,
    takeovers = case when j.generation = $3::integer then j.takeovers else 0 end,
    delayed = j.generation = $3::integer,
    run_at = clock_timestamp()
    + make_interval(secs => case when j.generation = $3::integer then $4::float8 else 0 end),
    -- 0: the claim that finds it due gives it one
    round = case when j.generation = $3::integer then 0 else retrato.next_round(j.lane) end,
    place = nextval('retrato.places'),
    token = null,
    replica_id = null,
    lease_until = null,
    last_fault = $6::text,
    last_error = $7::text,
    waits_for = $8::text[]
where j.persona_id = $1::text and j.token = $2::bigint and j.state = 'running'
returning
    j.state,
    -- The others sleep, and a claimable job keeps applications from waking them.
    case when j.state = 'queued' and not j.delayed then pg_notify('retrato', '') end as rung
