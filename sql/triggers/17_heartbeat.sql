-- Lengthen the leases of one replica's jobs and tell which it still owns; whatever is missing is lost.
--
-- Rows that somebody holds (an application that raises a flag, a write-back) are skipped, not waited for: this
-- statement never waits while it holds a row, so it can be part of no deadlock. They are told as owned all the same.
--
-- beating: the replica   lease_s: seconds   my_lock_key, i_lock: its lock's key, and whether it holds it
-- floor: what runs under smaller tokens is in the replica's hands. Index entries of jobs that ended stay while somebody
--   holds an old snapshot, so the look for others' jobs begins here; 0 is always right.
--
-- For the next floor (store/floor.py):
--   seen: the smallest token of a job in other hands, or the next token
--   reached: the next token, before anything was looked at
--   writer: this transaction's number   oldest_writer: the oldest one that has not ended
create or replace function retrato.heartbeat_from(
    beating uuid,
    held_personas text[],
    held_tokens bigint[],
    lease_s float8,
    my_lock_key integer,
    i_lock boolean,
    my_version text,
    floor bigint
)
returns table (
    owned bigint[], others_run boolean, seen bigint, reached bigint, writer bigint, oldest_writer bigint
)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    -- Before the first of all, last_value is the next one.
    next_token bigint := (select last_value + is_called::integer from retrato.tokens);
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
    ),
    elsewhere as materialized (
        select token
        from retrato.jobs
        where
            state = 'running'
            and token >= floor
            and (replica_id <> beating or token <> all (held_tokens))
        order by token
        limit 1
    )
    select
        array(select token from owned)::bigint[],
        exists (select from elsewhere),
        least((select token from elsewhere), next_token),
        next_token,
        pg_catalog.pg_current_xact_id()::text::bigint,
        pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint;
end;
$$;

-- For replicas of the releases before there were floors.
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
language sql
set search_path = ''
as $$
    select owned, others_run
    from retrato.heartbeat_from(
        beating, held_personas, held_tokens, lease_s, my_lock_key, i_lock, my_version, 0
    )
$$;
