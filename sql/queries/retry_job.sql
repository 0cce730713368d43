-- The whole job failed and will be tried again in $4 seconds.
-- $1 persona id   $2 token   $3 most attempts integer   $4 wait in seconds   $5 fault text   $6 error text
-- After the last attempt the job fails, unless it was asked for again meanwhile.
update retrato.jobs j
set
    state = case
        when j.attempts + 1 >= $3::integer and j.generation = $7::integer then 'failed' else 'queued'
    end,
    attempts = case when j.generation = $7::integer then j.attempts + 1 else 0 end,
    delayed = j.generation = $7::integer,
    run_at = clock_timestamp()
    + case when j.generation = $7::integer then make_interval(secs => $4::float8) else interval '0' end,
    place = nextval('retrato.places'),
    token = null,
    replica_id = null,
    lease_until = null,
    last_fault = $5::text,
    last_error = $6::text
where j.persona_id = $1::text and j.token = $2::bigint and j.state = 'running'
returning j.state
