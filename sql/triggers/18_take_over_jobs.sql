-- Put back into the queue what nobody works on any more: the jobs of dead replicas, whose connection has let go of its
-- lock and that have been silent for longer than silence_s; and, where the lock tells nothing (silent network,
-- transaction pooler), the jobs of silent ones whose lease is over. Who beats is not silent, though an application may
-- hold a row for so long that its lease could not be lengthened. Also this replica's own, when the reply to their claim
-- was lost.
--
-- A replica that has just claimed is not silent. Nobody is dead for as long after the server's start: everybody's lock
-- is free then, and leases have run out while no heartbeat could come.
--
-- A job during whose drawing most_takeovers replicas died is a poison job: it fails instead of killing the next one.
-- Who only waited in a dead replica's hands is hardly to blame: such a death counts a quarter. jobs.takeovers counts
-- the quarters.
--
-- silence_s: seconds   in_hand: the tokens in this replica's hands   floor: what runs under smaller tokens is in them
create or replace function retrato.take_over_jobs_from(
    me uuid, silence_s float8, most_takeovers integer, in_hand bigint[], floor bigint
)
returns table (persona_id text)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with running as materialized (
        select j.persona_id, j.token, j.takeovers, j.replica_id, j.started_at, j.lease_until
        from retrato.jobs j
        where j.state = 'running' and j.token >= floor
    ),
    dead as materialized (
        select r.id
        from retrato.replicas r
        where
            r.id <> me
            and r.locks
            and greatest(
                r.last_seen,
                (select max(running.started_at) from running where running.replica_id = r.id)
            ) < clock_timestamp() - make_interval(secs => silence_s)
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
        -- Job by job by the key, whatever the planner believes. A job with this token is running; its lease is
        -- compared once more, for who locks a row gets it as it is now.
        select
            held.persona_id,
            held.token,
            held.takeovers + case
                when held.replica_id = me then 0
                when exists (
                    select from retrato.attempts a where a.persona_id = held.persona_id and a.token = held.token
                ) then 4
                else 1
            end as takeovers
        from running r
        cross join lateral (
            select j.persona_id, j.token, j.takeovers, j.replica_id
            from retrato.jobs j
            where j.persona_id = r.persona_id and j.token = r.token and j.lease_until = r.lease_until
            for update skip locked
        ) held
        where
            (
                r.replica_id in (select id from dead)
                or (
                    r.lease_until < clock_timestamp()
                    and (
                        r.replica_id = me
                        or not exists (
                            select
                            from retrato.replicas living
                            where
                                living.id = r.replica_id
                                and living.last_seen >= clock_timestamp() - make_interval(secs => silence_s)
                        )
                    )
                )
            )
            and not (r.replica_id = me and r.token = any(in_hand))
            and pg_catalog.pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => silence_s)
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
            and pg_catalog.pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => silence_s)
    ),
    taken as (
        update retrato.jobs j
        set
            state = case when orphaned.takeovers >= 4 * most_takeovers then 'failed' else 'queued' end,
            takeovers = orphaned.takeovers,
            token = null,
            replica_id = null,
            lease_until = null,
            delayed = false,
            round = retrato.next_round(j.lane),
            run_at = clock_timestamp(),
            last_fault = case when orphaned.takeovers >= 4 * most_takeovers then 'poison' else j.last_fault end,
            last_error = case
                when orphaned.takeovers >= 4 * most_takeovers
                then 'replicas died again and again while they worked on this persona'
                else j.last_error
            end
        from orphaned
        where j.persona_id = orphaned.persona_id and j.persona_id = any(array(select persona_id from orphaned))
        returning
            j.persona_id,
            -- The other replicas sleep, and a claimable job keeps applications from waking them.
            case when j.state = 'queued' then pg_notify('retrato', '') end as rung
    )
    select taken.persona_id
    from taken
    order by taken.persona_id;
end;
$$;

-- For replicas of the releases before there were floors.
create or replace function retrato.take_over_jobs(
    me uuid, silence_s float8, most_takeovers integer, in_hand bigint[]
)
returns table (persona_id text)
language sql
set search_path = ''
as $$
    select persona_id from retrato.take_over_jobs_from(me, silence_s, most_takeovers, in_hand, 0)
$$;
