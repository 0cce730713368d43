-- Put back into the queue what nobody works on any more: the jobs of dead replicas, whose connection has let go of its
-- lock and that have been silent for longer than $2; and, where the lock tells nothing (silent network, transaction
-- pooler), the jobs of silent ones whose lease is over. Who beats is not silent, though an application may hold a row
-- for so long that its lease could not be lengthened. Also this replica's own, when the reply to their claim was lost.
--
-- A replica that has just claimed is not silent. Nobody is dead for as long after the server's start: everybody's lock
-- is free then, and leases have run out while no heartbeat could come. A job that has seen $3 replicas die is a poison
-- job: it fails instead of killing the next one.
--
-- $1 this replica uuid   $2 silence in seconds   $3 most take-overs integer   $4 tokens in this replica's hands
with dead as materialized (
    select r.id
    from retrato.replicas r
    where
        r.id <> $1::uuid
        and r.locks
        and greatest(
            r.last_seen,
            (select max(j.started_at) from retrato.jobs j where j.state = 'running' and j.replica_id = r.id)
        ) < clock_timestamp() - make_interval(secs => $2::float8)
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
    select j.persona_id, j.token, j.takeovers + (j.replica_id <> $1::uuid)::integer as takeovers
    from retrato.jobs j
    where
        j.state = 'running'
        and (
            j.replica_id in (select id from dead)
            or (
                j.lease_until < clock_timestamp()
                and (
                    j.replica_id = $1::uuid
                    or not exists (
                        select
                        from retrato.replicas r
                        where
                            r.id = j.replica_id
                            and r.last_seen >= clock_timestamp() - make_interval(secs => $2::float8)
                    )
                )
            )
        )
        and not (j.replica_id = $1::uuid and j.token = any($4::bigint[]))
        and pg_catalog.pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => $2::float8)
    for update of j skip locked
),
freed as (
    -- a dead replica's calls are over as far as the legs' limits are concerned
    update retrato.legs l
    set slots = l.slots - array(select token::text from orphaned)
    where l.slots ?| array(select token::text from orphaned)
),
forgotten as (
    -- Without a lock only a long silence tells; such a row hurts nobody meanwhile.
    delete from retrato.replicas r
    where
        (r.id in (select id from dead) or r.last_seen < clock_timestamp() - interval '1 hour')
        and pg_catalog.pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => $2::float8)
),
taken as (
    update retrato.jobs j
    set
        state = case when orphaned.takeovers >= $3::integer then 'failed' else 'queued' end,
        takeovers = orphaned.takeovers,
        token = null,
        replica_id = null,
        lease_until = null,
        delayed = false,
        run_at = clock_timestamp(),
        last_fault = case when orphaned.takeovers >= $3::integer then 'poison' else j.last_fault end,
        last_error = case
            when orphaned.takeovers >= $3::integer
            then format('%s replicas died while they worked on this persona', orphaned.takeovers)
            else j.last_error
        end
    from orphaned
    where j.persona_id = orphaned.persona_id
    returning j.persona_id, j.state
)
select
    persona_id,
    -- The other replicas sleep, and a claimable job keeps applications from waking them.
    case when state = 'queued' then pg_notify('retrato', '') end as rung
from taken
order by persona_id
