-- Functions that put personas into the queue. Words in braces come from the mapping (store/host.py).

-- Queue personas, inside the caller's transaction; the caller holds their rows in the host's table.
--
-- An existing job is left alone unless *force* (then it is asked for once more: its generation moves) or failed.
-- The bell is rung only when nobody else could be expected to have woken a replica. The order matters: first the
-- shared lock, then the question. See look_before_sleep.sql for the other side.
create or replace function retrato.enqueue(
    persona_ids text[],
    empresa_ids text[],
    lane smallint,
    force boolean
)
returns integer
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    somebody_will_look boolean;
    next_round bigint;
    rounds bigint[];
    enqueued integer;
begin
    if coalesce(cardinality(persona_ids), 0) = 0 then
        return 0;
    end if;

    -- The transaction's number too comes before the rounds are read: see retrato.next_round.
    perform pg_catalog.pg_advisory_xact_lock_shared({bell_key}), pg_catalog.pg_current_xact_id();

    -- A snapshot older than this statement may show jobs that were claimed long ago: then always ring. Asked is from
    -- the last round back to the one that the claims have come to: what was claimed lies at that end, and behind it.
    -- As values, not with exists: that would forget the order, and with it the index.
    select
        current_setting('transaction_isolation') = 'read committed'
        and (
            (
                select true
                from retrato.jobs j
                where
                    j.state = 'queued'
                    and not j.delayed
                    and j.lane = 1
                    and j.round >= (select last_value from retrato.round_bulk)
                order by j.round desc, j.place desc
                limit 1
            ) is not null
            or (
                select true
                from retrato.jobs j
                where
                    j.state = 'queued'
                    and not j.delayed
                    and j.lane = 0
                    and j.round >= (select last_value from retrato.round_urgent)
                order by j.round desc, j.place desc
                limit 1
            ) is not null
            or exists (select from retrato.jobs j where j.state = 'queued' and j.delayed and j.run_at <= now())
        ),
        1 + case lane
            when 0 then (select last_value from retrato.round_urgent)
            else (select last_value from retrato.round_bulk)
        end
    into somebody_will_look, next_round;

    if cardinality(persona_ids) = 1 then
        rounds := array[retrato.free_round(lane, empresa_ids[1], next_round)];
    else
        select array_agg(company.round + 2 * (named.nth_of_company - 1) order by named.nth)
        into rounds
        from (
            select empresa_id, nth, row_number() over (partition by empresa_id order by nth) as nth_of_company
            from unnest(enqueue.empresa_ids) with ordinality as e(empresa_id, nth)
        ) named
        join (
            select asked.empresa_id, retrato.free_round(enqueue.lane, asked.empresa_id, next_round) as round
            from (select distinct unnest(enqueue.empresa_ids) as empresa_id) asked
        ) company on company.empresa_id = named.empresa_id;
    end if;

    -- Places in the order in which the personas were named; rows in id order, so that two who ask at once for the
    -- same personas wait for each other and not in a circle.
    insert into retrato.jobs as j (persona_id, empresa_id, lane, round, place, new_face)
    select asked.persona_id, asked.empresa_id, enqueue.lane, asked.round, asked.place, enqueue.force
    from (
        select named.persona_id, named.empresa_id, named.round, nextval('retrato.places') as place
        from
            unnest(enqueue.persona_ids, enqueue.empresa_ids, rounds)
            with ordinality as named(persona_id, empresa_id, round, nth)
        order by named.nth
    ) asked
    order by asked.persona_id collate "C"
    on conflict (persona_id) do update
    set
        generation = j.generation + enqueue.force::integer,
        new_face = j.new_face or enqueue.force,
        empresa_id = excluded.empresa_id,
        lane = least(j.lane, excluded.lane),
        requested_at = now(),
        -- A running job runs on; the rest begins anew.
        state = case when j.state = 'running' then j.state else 'queued' end,
        delayed = false,
        run_at = case when j.state = 'running' then j.run_at else now() end,
        round = case
            when j.state = 'running' then j.round
            when j.state = 'queued' and not j.delayed and excluded.lane >= j.lane then j.round
            when excluded.lane <= j.lane then excluded.round
            else retrato.next_round(j.lane)
        end,
        place = case when j.state = 'failed' or j.delayed then excluded.place else j.place end,
        attempts = case when j.state = 'running' then j.attempts else 0 end,
        -- Deaths before this request say nothing about it: also of a running job, whose holder may die yet.
        takeovers = 0,
        last_fault = null,
        last_error = null
    where enqueue.force or j.state = 'failed';

    get diagnostics enqueued = row_count;

    if enqueued > 0 and not somebody_will_look then
        perform pg_catalog.pg_notify('retrato', '');
    end if;

    return enqueued;
end;
$$;

-- 0 while few personas of the company wait for a person's sake, else 1: Forçar for a whole company is bulk work.
create or replace function retrato.lane_of(asked_empresa_id text)
returns smallint
language sql
stable
set search_path = ''
as $$
    select (count(*) >= 5)::integer::smallint
    from (
        select from retrato.jobs j
        where
            j.state = 'queued'
            and not j.delayed
            and j.lane = 0
            and j.empresa_id = asked_empresa_id
            and j.round >= (select retrato.round_reached(0::smallint))
        limit 5
    ) urgent
$$;

-- Executar (force = false: what is missing or failed) or Forçar (force = true: all that are ready) for the given
-- personas, in the given lane; null: a few are urgent, many are bulk work. Returns how many were enqueued; what already
-- waits or runs is not counted.
create or replace function retrato.request_in_lane(persona_ids text[], force boolean, lane smallint)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    chosen text[];
    companies text[];
begin
    -- The host's rows first, in id order: the same way round as an application's update and as the write-back.
    select array_agg(held.persona_id), array_agg(held.empresa_id)
    into chosen, companies
    from (
        select p.{personas_id}::text as persona_id, {empresa_of_p} as empresa_id
        from {personas} p
        where p.{personas_id} {is_id} any(request_in_lane.persona_ids::{id_type}[])
        order by p.{personas_id}
        for no key update
    ) held
    join {persona_states} s on s.persona_id = held.persona_id
    where (request_in_lane.force and s.ready) or s.state in ('missing', 'failed');

    return retrato.enqueue(
        chosen,
        companies,
        coalesce(
            request_in_lane.lane, case when cardinality(chosen) <= 5 then retrato.lane_of(companies[1]) else 1 end
        )::smallint,
        request_in_lane.force
    );
end;
$$;

-- For applications: a person waits for it, unless it is for many.
create or replace function retrato.request(persona_ids text[], force boolean default false)
returns integer
language sql
security definer
set search_path = ''
as $$
    select retrato.request_in_lane(request.persona_ids, request.force, null)
$$;

-- The same for all personas of one company.
create or replace function retrato.request_company(empresa_id text, force boolean default false)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    wanted text[];
begin
    select array_agg(s.persona_id)
    into wanted
    from {persona_states} s
    where
        s.empresa_id = request_company.empresa_id
        and ((request_company.force and s.ready) or s.state in ('missing', 'failed'));

    return retrato.request(wanted, request_company.force);
end;
$$;
