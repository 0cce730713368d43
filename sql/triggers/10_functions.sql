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
set enable_seqscan = off
set jit = off
as $$
declare
    somebody_will_look boolean;
    enqueued integer;
begin
    if coalesce(cardinality(persona_ids), 0) = 0 then
        return 0;
    end if;

    perform pg_catalog.pg_advisory_xact_lock_shared({bell_key});

    -- A snapshot older than this statement may show jobs that were claimed long ago: then always ring.
    select
        current_setting('transaction_isolation') = 'read committed'
        and (
            exists (select from retrato.jobs j where j.state = 'queued' and not j.delayed)
            or exists (select from retrato.jobs j where j.state = 'queued' and j.delayed and j.run_at <= now())
        )
    into somebody_will_look;

    -- Places in the order in which the personas were named; rows in id order, so that two who ask at once for the
    -- same personas wait for each other and not in a circle.
    insert into retrato.jobs as j (persona_id, empresa_id, lane, place, new_face)
    select asked.persona_id, asked.empresa_id, enqueue.lane, asked.place, enqueue.force
    from (
        select named.persona_id, named.empresa_id, nextval('retrato.places') as place
        from unnest(enqueue.persona_ids, enqueue.empresa_ids) with ordinality as named(persona_id, empresa_id, nth)
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
        where j.state = 'queued' and not j.delayed and j.lane = 0 and j.empresa_id = asked_empresa_id
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
        where p.{personas_id} = any(request_in_lane.persona_ids::{id_type}[])
        order by p.{personas_id}
        for no key update
    ) held
    join retrato.persona_status s on s.persona_id = held.persona_id
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
    from retrato.persona_status s
    where
        s.empresa_id = request_company.empresa_id
        and ((request_company.force and s.ready) or s.state in ('missing', 'failed'));

    return retrato.request(wanted, request_company.force);
end;
$$;
