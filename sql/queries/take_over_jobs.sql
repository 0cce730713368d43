-- Hand back the jobs of dead replicas: those whose connection has let go of its lock and that have been silent for
-- longer than $2, and, where the lock tells nothing (silent network, transaction pooler), those whose lease is over.
--
-- Silence is counted from the server's start at the earliest: after a restart everybody's lock is free, and nobody
-- is dead. A job that has seen $3 replicas die is a poison job: it fails instead of killing the next one.
--
-- $1 this replica uuid   $2 silence in seconds   $3 most take-overs integer
with dead as materialized (
    select r.id
    from retrato.replicas r
    where
        r.id <> $1::uuid
        and r.locks
        and greatest(r.last_seen, pg_catalog.pg_postmaster_start_time())
        < clock_timestamp() - make_interval(secs => $2::float8)
        and not exists (
            select
            from pg_catalog.pg_locks l
            where
                l.locktype = 'advisory'
                and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
                and l.classid = {replica_lock_class}::oid
                and l.objid = (r.lock_key::bigint & 4294967295)::oid
                and l.objsubid = 2
        )
),
orphaned as materialized (
    select j.persona_id, j.token
    from retrato.jobs j
    where
        j.state = 'running'
        and j.replica_id <> $1::uuid
        and (j.replica_id in (select id from dead) or j.lease_until < clock_timestamp())
    for update skip locked
),
freed as (
    -- a dead replica's calls are over as far as the legs' limits are concerned
    update retrato.legs l
    set slots = l.slots - array(select token::text from orphaned)
    where l.slots ?| array(select token::text from orphaned)
),
forgotten as (
    delete from retrato.replicas r
    using dead
    where r.id = dead.id
)
update retrato.jobs j
set
    state = case when j.takeovers + 1 >= $3::integer then 'failed' else 'queued' end,
    takeovers = j.takeovers + 1,
    token = null,
    replica_id = null,
    lease_until = null,
    delayed = false,
    run_at = clock_timestamp(),
    last_fault = case when j.takeovers + 1 >= $3::integer then 'poison' else j.last_fault end,
    last_error = case
        when j.takeovers + 1 >= $3::integer
        then format('%s replicas died while they worked on this persona', j.takeovers + 1)
        else j.last_error
    end
from orphaned
where j.persona_id = orphaned.persona_id
returning j.persona_id, j.state
