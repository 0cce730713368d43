-- $1 attempt id   $2 state   $3 fault, null on success   $4 error   $5 cost in USD, null = unknown
-- $6 seed that was really used, null = the ordered one
update retrato.attempts
set
    state = $2::text,
    fault = $3::text,
    error = $4::text,
    cost_usd = $5::numeric,
    seed = coalesce($6::bigint, seed),
    finished_at = clock_timestamp()
where id = $1::bigint
