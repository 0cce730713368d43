-- Lengthen the leases of one replica's jobs and tell which it still owns; whatever is missing is lost.
--
-- Rows that somebody holds (an application that raises a flag, a write-back) are skipped, not waited for: this
-- statement never waits while it holds a row, so it can be part of no deadlock. They are told as owned all the same.
--
-- beating: the replica   lease_s: seconds   my_lock_key, i_lock: its lock's key, and whether it holds it
create or replace function retrato.heartbeat(
    beating uuid,
    held_personas text[],
    held_tokens bigint[],
    lease_s float8,
    my_lock_key integer,
    i_lock boolean,
    my_version text
)
returns table (owned bigint[], others_run boolean)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with me as (
        insert into retrato.replicas as r (id, lock_key, locks, version)
        values (beating, my_lock_key, i_lock, my_version)
        on conflict (id) do update set last_seen = clock_timestamp(), locks = excluded.locks
    ),
    owned as materialized (
        select j.persona_id, j.token
        from unnest(held_personas, held_tokens) as held(persona_id, token)
        cross join lateral (
            select persona_id, token from retrato.jobs where persona_id = held.persona_id and token = held.token limit 1
        ) j
    ),
    free as materialized (
        select j.persona_id
        from owned
        cross join lateral (
            select persona_id
            from retrato.jobs
            where persona_id = owned.persona_id and token = owned.token
            for update skip locked
        ) j
    ),
    lengthened as (
        update retrato.jobs j
        set lease_until = clock_timestamp() + make_interval(secs => lease_s)
        where j.persona_id = any(array(select persona_id from free))
    )
    select
        array(select token from owned)::bigint[] as owned,
        exists (
            select
            from retrato.jobs
            where state = 'running' and (replica_id <> beating or token <> all (held_tokens))
        ) as others_run;
end;
$$;
