-- Lengthen the leases of one replica's jobs and tell which it still owns; whatever is missing is lost.
--
-- Rows that somebody holds (an application that raises a flag, a write-back) are skipped, not waited for: this
-- statement never waits while it holds a row, so it can be part of no deadlock. They are told as owned all the same.
--
-- $1 replica uuid   $2 persona ids text[]   $3 tokens bigint[]   $4 lease in seconds
-- $5 lock key integer   $6 holds its lock boolean   $7 version text
with me as (
    insert into retrato.replicas as r (id, lock_key, locks, version)
    values ($1::uuid, $5::integer, $6::boolean, $7::text)
    on conflict (id) do update set last_seen = clock_timestamp(), locks = excluded.locks
),
owned as materialized (
    select j.persona_id, j.token
    from unnest($2::text[], $3::bigint[]) as held(persona_id, token)
    cross join lateral (
        select persona_id, token from retrato.jobs where persona_id = held.persona_id and token = held.token limit 1
    ) j
),
free as materialized (
    select j.persona_id
    from retrato.jobs j
    join owned on owned.persona_id = j.persona_id and owned.token = j.token
    for update of j skip locked
),
lengthened as (
    update retrato.jobs j
    set lease_until = clock_timestamp() + make_interval(secs => $4::float8)
    from free
    where j.persona_id = free.persona_id
)
select
    array(select token from owned)::bigint[] as owned,
    exists (
        select
        from retrato.jobs
        where state = 'running' and (replica_id <> $1::uuid or token <> all ($3::bigint[]))
    ) as others_run
