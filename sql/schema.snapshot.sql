-- Written by `make snapshot`; compared by the tests. Not to be run.

-- constraint attempts.attempts_pkey
PRIMARY KEY (id)

-- constraint attempts.attempts_state_check
CHECK ((state = ANY (ARRAY['sending'::text, 'succeeded'::text, 'failed'::text])))

-- constraint avatars.avatars_pkey
PRIMARY KEY (persona_id, version)

-- constraint avatars.avatars_token_key
UNIQUE (token)

-- constraint avatars.avatars_version_check
CHECK ((version > 0))

-- constraint budget.budget_pkey
PRIMARY KEY (month)

-- constraint chores.chores_pkey
PRIMARY KEY (chore)

-- constraint console_logouts.console_logouts_pkey
PRIMARY KEY (session_id)

-- constraint garbage.garbage_pkey
PRIMARY KEY (image_key)

-- constraint installation.installation_pkey
PRIMARY KEY (singleton)

-- constraint installation.installation_singleton_check
CHECK (singleton)

-- constraint jobs.jobs_empresa_id_check
CHECK ((empresa_id <> ''::text))

-- constraint jobs.jobs_lane_check
CHECK ((lane = ANY (ARRAY[0, 1])))

-- constraint jobs.jobs_pkey
PRIMARY KEY (persona_id)

-- constraint jobs.jobs_state_check
CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'failed'::text])))

-- constraint jobs.running_means_leased
CHECK (((state = 'running'::text) = ((token IS NOT NULL) AND (replica_id IS NOT NULL) AND (lease_until IS NOT NULL))))

-- constraint legs.legs_pkey
PRIMARY KEY (leg)

-- constraint looks.looks_empresa_id_fingerprint_key
UNIQUE (empresa_id, fingerprint)

-- constraint looks.looks_pkey
PRIMARY KEY (persona_id)

-- constraint migrations.migrations_pkey
PRIMARY KEY (number)

-- constraint pace.pace_pkey
PRIMARY KEY (singleton)

-- constraint pace.pace_singleton_check
CHECK (singleton)

-- constraint pauses.all_has_no_name
CHECK (((scope = 'all'::text) = (name = ''::text)))

-- constraint pauses.pauses_pkey
PRIMARY KEY (scope, name)

-- constraint pauses.pauses_scope_check
CHECK ((scope = ANY (ARRAY['all'::text, 'empresa'::text, 'leg'::text])))

-- constraint replicas.replicas_pkey
PRIMARY KEY (id)

-- function retrato.cancel(text[])
CREATE OR REPLACE FUNCTION retrato.cancel(persona_ids text[])
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    cancelled integer;
begin
    -- The host's rows first, in id order, as everybody does.
    perform from "public"."personas" p
    where p."id" = any(cancel.persona_ids::uuid[])
    order by p."id"
    for no key update;

    update "public"."personas" p
    set "regenerate_avatar" = false
    where p."id" = any(cancel.persona_ids::uuid[]) and (p."regenerate_avatar" is true);

    with held as materialized (
        select j.persona_id, j.token
        from retrato.jobs j
        where j.persona_id = any(cancel.persona_ids) and j.state <> 'failed'
        order by j.persona_id
        for update
    ),
    freed as (
        -- their calls, if any are under way, are given up
        update retrato.legs l
        set slots = l.slots - array(select held.token::text from held where held.token is not null)
        where l.slots ?| array(select held.token::text from held where held.token is not null)
    ),
    removed as (
        delete from retrato.jobs j
        using held
        where
            j.persona_id = held.persona_id
            and exists (select from retrato.avatars a where a.persona_id = held.persona_id)
        returning j.persona_id
    ),
    failed as (
        update retrato.jobs j
        set
            state = 'failed',
            token = null,
            replica_id = null,
            lease_until = null,
            delayed = false,
            last_fault = 'cancelled',
            last_error = 'cancelled by an operator'
        from held
        where
            j.persona_id = held.persona_id
            and not exists (select from retrato.avatars a where a.persona_id = held.persona_id)
        returning j.persona_id
    )
    select (select count(*) from removed) + (select count(*) from failed)
    into cancelled;
    return cancelled;
end;
$function$

-- function retrato.cancel_company(text)
CREATE OR REPLACE FUNCTION retrato.cancel_company(empresa_id text)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    select retrato.cancel(array_agg(j.persona_id))
    from retrato.jobs j
    where j.empresa_id = cancel_company.empresa_id and j.state <> 'failed'
$function$

-- function retrato.claim_jobs(integer,double precision,smallint[],double p
CREATE OR REPLACE FUNCTION retrato.claim_jobs(most integer, pace_s double precision, lane_order smallint[], lease_s double precision, me uuid, rings text[], only_empresa text, more integer)
 RETURNS TABLE(nth bigint, persona_id text, empresa_id text, lane smallint, token bigint, generation integer, attempts integer, takeovers integer, version integer, new_face boolean, waited_s double precision, wait_s double precision, more_left boolean, due_in_s double precision)
 LANGUAGE sql
 SET search_path TO ''
AS $function$
    select
        nth, persona_id, empresa_id, lane, token, generation, attempts, takeovers, version, new_face, waited_s, wait_s,
        more_left, due_in_s
    from retrato.claim_jobs_from(most, pace_s, lane_order, lease_s, me, array[0, 0, 0, 0], only_empresa, more)
$function$

-- function retrato.claim_jobs_from(integer,double precision,smallint[],dou
CREATE OR REPLACE FUNCTION retrato.claim_jobs_from(most integer, pace_s double precision, lane_order smallint[], lease_s double precision, me uuid, floors bigint[], only_empresa text, more integer)
 RETURNS TABLE(nth bigint, persona_id text, empresa_id text, lane smallint, token bigint, generation integer, attempts integer, takeovers integer, version integer, new_face boolean, waited_s double precision, wait_s double precision, more_left boolean, due_in_s double precision, seen bigint[], reached bigint[], writer bigint, oldest_writer bigint)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
declare
    -- Before the statement below looks at anything: see retrato.next_round.
    urgent_round bigint := retrato.round_reached(0::smallint) + 1;
    bulk_round bigint := retrato.round_reached(1::smallint) + 1;
begin
    return query
    with due as materialized (
        select persona_id, lane, empresa_id, round
        from retrato.jobs
        where state = 'queued' and delayed and run_at <= statement_timestamp()
        order by run_at
        limit 500
        for update skip locked
    ),
    returning_to as materialized (
        -- As if they had been queued anew: many that come back at once wait in as many rounds. But what retrato.resume
        -- has given a round keeps it.
        select
            due.persona_id,
            case
                when due.round >= company.next then due.round
                else company.round + 2 * (
                    row_number() over (partition by due.lane, due.empresa_id, due.round >= company.next) - 1
                )
            end as round
        from due
        join (
            select
                asked.lane,
                asked.empresa_id,
                asked.next,
                retrato.free_round(asked.lane, asked.empresa_id, asked.next) as round
            from (
                select named.lane, named.empresa_id, retrato.next_round(named.lane) as next
                from (select distinct lane, empresa_id from due) named
            ) asked
        ) company on company.lane = due.lane and company.empresa_id = due.empresa_id
    ),
    promoted as (
        update retrato.jobs j
        set delayed = false, round = returning_to.round, place = nextval('retrato.places')
        from returning_to
        where
            j.persona_id = returning_to.persona_id
            and j.persona_id = any(array(select persona_id from returning_to))
    ),
    turn as materialized (
        select next_at
        from retrato.pace
        where pace_s > 0
        for update
    ),
    start as materialized (
        select coalesce((select extract(epoch from next_at - clock_timestamp())::float8 from turn), 0) as wait_s
    ),
    allowed as materialized (
        select
            wait_s,
            case
                when wait_s > 0 or exists (select from retrato.pauses where scope = 'all') then 0
                when pace_s > 0 then 1
                else most
            end as jobs
        from start
    ),
    looked_at as materialized (
        select case when jobs > 0 then jobs + more else 0 end as jobs from allowed
    ),
    first_lane as materialized (
        select j.persona_id, j.empresa_id, j.lane, j.round, j.place
        from retrato.jobs j
        where
            only_empresa is null
            and j.state = 'queued'
            and not j.delayed
            and j.lane = lane_order[1]
            and (j.round, j.place) >= (floors[2 * lane_order[1] + 1], floors[2 * lane_order[1] + 2])
        order by j.lane, j.round, j.place
        limit (select jobs from looked_at)
        for update skip locked
    ),
    second_lane as materialized (
        select j.persona_id, j.empresa_id, j.lane, j.round, j.place
        from retrato.jobs j
        where
            only_empresa is null
            and j.state = 'queued'
            and not j.delayed
            and j.lane = lane_order[2]
            and (j.round, j.place) >= (floors[2 * lane_order[2] + 1], floors[2 * lane_order[2] + 2])
        order by j.lane, j.round, j.place
        limit (select jobs - (select count(*) from first_lane) from looked_at)
        for update skip locked
    ),
    company_lanes as materialized (
        select first.persona_id, first.empresa_id, first.lane, first.round, first.place
        from unnest(lane_order) as lanes(lane)
        cross join lateral (
            select j.persona_id, j.empresa_id, j.lane, j.round, j.place
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = lanes.lane
                and j.empresa_id = only_empresa
                and (j.round, j.place) >= (floors[2 * lanes.lane + 1], floors[2 * lanes.lane + 2])
            order by j.round, j.place
            limit (select jobs from looked_at)
            for update skip locked
        ) first
        where only_empresa is not null
    ),
    found as materialized (
        select persona_id, empresa_id, lane, round, place from first_lane
        union all
        select persona_id, empresa_id, lane, round, place from second_lane
        union all
        select persona_id, empresa_id, lane, round, place from company_lanes
    ),
    paused as materialized (
        -- Held, so that who resumes waits for what is parked here; one that is being resumed is not paused any more.
        select name as empresa_id
        from retrato.pauses
        where scope = 'empresa' and name = any(array(select empresa_id from found))
        for key share skip locked
    ),
    parked as (
        update retrato.jobs j
        set delayed = true, run_at = 'infinity'
        where
            j.persona_id = any(array(
                select waiting.persona_id
                from (select distinct lane, empresa_id from found) company
                join paused on paused.empresa_id = company.empresa_id
                cross join lateral (
                    select w.persona_id
                    from retrato.jobs w
                    where
                        w.state = 'queued'
                        and not w.delayed
                        and w.lane = company.lane
                        and w.empresa_id = company.empresa_id
                    order by w.round, w.place
                    limit 500
                    for update skip locked
                ) waiting
            ))
    ),
    chosen as materialized (
        select
            persona_id,
            lane,
            round,
            row_number() over (order by lane <> (lane_order)[1], round, place) as nth
        from found
        where empresa_id <> all(array(select empresa_id from paused))
        order by nth
        limit (select jobs from allowed)
    ),
    claimed as (
        update retrato.jobs j
        set
            state = 'running',
            token = nextval('retrato.tokens'),
            replica_id = me,
            lease_until = clock_timestamp() + make_interval(secs => lease_s),
            started_at = clock_timestamp(),
            waits_for = null
        -- As an array: whatever the planner thinks of the parts above, this is a look into the primary key.
        where j.persona_id = any(array(select persona_id from chosen))
        returning
            j.persona_id,
            j.empresa_id,
            j.lane,
            j.token,
            j.generation,
            j.attempts,
            j.takeovers,
            j.version,
            j.new_face,
            extract(epoch from clock_timestamp() - greatest(j.requested_at, j.run_at))::float8 as waited_s
    ),
    come_to as materialized (
        select count(retrato.reach(furthest.lane, furthest.round)) as lanes
        from (select lane, max(round) as round from chosen group by lane) furthest
        where
            -- Who serves one company may be ahead of the others, whose rounds are still to come.
            only_empresa is null
            or (
                -- As a value, not with exists, which would forget the order and with it the index.
                select j.place
                from retrato.jobs j
                where
                    j.state = 'queued'
                    and not j.delayed
                    and j.lane = furthest.lane
                    and (j.round, j.place) >= (floors[2 * furthest.lane + 1], floors[2 * furthest.lane + 2])
                    and j.round < furthest.round
                    and j.empresa_id <> only_empresa
                order by j.lane, j.round, j.place
                limit 1
            ) is null
    ),
    next_turn as (
        update retrato.pace
        set next_at = clock_timestamp() + make_interval(secs => pace_s)
        where pace_s > 0 and exists (select from claimed)
    ),
    horizon as materialized (
        select
            array[
                coalesce(urgent.round, urgent_round), coalesce(urgent.place, 0),
                coalesce(bulk.round, bulk_round), coalesce(bulk.place, 0)
            ] as seen,
            array[urgent_round, 0, bulk_round, 0] as reached,
            pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint as oldest_writer
        from (values (true)) as one_row(one)
        left join lateral (
            select j.round, j.place
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = 0
                and (j.round, j.place) >= (floors[1], floors[2])
                and j.round < urgent_round
            order by j.round, j.place
            limit 1
        ) urgent on true
        left join lateral (
            select j.round, j.place
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = 1
                and (j.round, j.place) >= (floors[3], floors[4])
                and j.round < bulk_round
            order by j.round, j.place
            limit 1
        ) bulk on true
    )
    select
        chosen.nth,
        claimed.persona_id,
        claimed.empresa_id,
        claimed.lane,
        claimed.token,
        claimed.generation,
        claimed.attempts,
        claimed.takeovers,
        claimed.version,
        claimed.new_face,
        claimed.waited_s,
        null::float8 as wait_s,
        null::boolean as more_left,
        null::float8 as due_in_s,
        horizon.seen,
        horizon.reached,
        pg_catalog.pg_current_xact_id_if_assigned()::text::bigint as writer,
        horizon.oldest_writer
    from claimed
    join chosen on chosen.persona_id = claimed.persona_id
    cross join horizon
    cross join come_to
    union all
    select
        null, null, null, null, null, null, null, null, null, null, null,
        allowed.wait_s,
        (select count(*) from found) >= (select jobs from looked_at) and allowed.jobs > 0,
        (
            select greatest(0, extract(epoch from run_at - clock_timestamp()))::float8
            from retrato.jobs
            where state = 'queued' and delayed and run_at < 'infinity'
            order by run_at
            limit 1
        ),
        horizon.seen,
        horizon.reached,
        -- A number of its own, only while the floors are not yet where the claims have come to.
        case
            when floors[1] < urgent_round or floors[3] < bulk_round then pg_catalog.pg_current_xact_id()
            else pg_catalog.pg_current_xact_id_if_assigned()
        end::text::bigint,
        horizon.oldest_writer
    from allowed
    cross join horizon
    where not exists (select from claimed)
    order by nth;
end;
$function$

-- function retrato.enqueue(text[],text[],smallint,boolean)
CREATE OR REPLACE FUNCTION retrato.enqueue(persona_ids text[], empresa_ids text[], lane smallint, force boolean)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
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
    perform pg_catalog.pg_advisory_xact_lock_shared(32199698154615919), pg_catalog.pg_current_xact_id();

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
$function$

-- function retrato.free_round(smallint,text,bigint)
CREATE OR REPLACE FUNCTION retrato.free_round(lane smallint, empresa_id text, next bigint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
begin
    return greatest(
        next,
        (
            -- At this round and behind it nothing was claimed but by the claims that come to it just now.
            select j.round + 2
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = free_round.lane
                and j.empresa_id = free_round.empresa_id
                and j.round >= next - 1
            order by j.round desc
            limit 1
        )
    );
end;
$function$

-- function retrato.give_rounds(smallint,integer,bigint)
CREATE OR REPLACE FUNCTION retrato.give_rounds(lane smallint, most integer, behind bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET jit TO 'off'
AS $function$
declare
    last_place bigint;
begin
    with roundless as materialized (
        select j.persona_id, j.empresa_id, j.place
        from retrato.jobs j
        where j.state = 'queued' and not j.delayed and j.lane = give_rounds.lane and j.round = 0 and j.place > behind
        order by j.place
        limit most
        for update skip locked
    ),
    in_rounds as materialized (
        select
            r.persona_id,
            company.round + 2 * (row_number() over (partition by r.empresa_id order by r.place) - 1) as round
        from roundless r
        join (
            select
                asked.empresa_id,
                retrato.free_round(give_rounds.lane, asked.empresa_id, retrato.next_round(give_rounds.lane)) as round
            from (select distinct empresa_id from roundless) asked
        ) company on company.empresa_id = r.empresa_id
    ),
    given as (
        update retrato.jobs j
        set round = in_rounds.round
        from in_rounds
        where
            j.persona_id = in_rounds.persona_id
            and j.persona_id = any(array(select persona_id from in_rounds))
    )
    select max(place) into last_place from roundless;
    return last_place;
end;
$function$

-- function retrato.heartbeat(uuid,text[],bigint[],double precision,integer
CREATE OR REPLACE FUNCTION retrato.heartbeat(beating uuid, held_personas text[], held_tokens bigint[], lease_s double precision, my_lock_key integer, i_lock boolean, my_version text)
 RETURNS TABLE(owned bigint[], others_run boolean)
 LANGUAGE sql
 SET search_path TO ''
AS $function$
    select owned, others_run
    from retrato.heartbeat_from(
        beating, held_personas, held_tokens, lease_s, my_lock_key, i_lock, my_version, 0
    )
$function$

-- function retrato.heartbeat_from(uuid,text[],bigint[],double precision,in
CREATE OR REPLACE FUNCTION retrato.heartbeat_from(beating uuid, held_personas text[], held_tokens bigint[], lease_s double precision, my_lock_key integer, i_lock boolean, my_version text, floor bigint)
 RETURNS TABLE(owned bigint[], others_run boolean, seen bigint, reached bigint, writer bigint, oldest_writer bigint)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
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
$function$

-- function retrato.lane_of(text)
CREATE OR REPLACE FUNCTION retrato.lane_of(asked_empresa_id text)
 RETURNS smallint
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$

-- function retrato.look_before_sleep()
CREATE OR REPLACE FUNCTION retrato.look_before_sleep()
 RETURNS TABLE(enqueuing boolean, claimable boolean, due_in_s double precision)
 LANGUAGE sql
 SET search_path TO ''
AS $function$
    select enqueuing, claimable, due_in_s from retrato.look_before_sleep_from(array[0, 0, 0, 0])
$function$

-- function retrato.look_before_sleep_from(bigint[])
CREATE OR REPLACE FUNCTION retrato.look_before_sleep_from(floors bigint[])
 RETURNS TABLE(enqueuing boolean, claimable boolean, due_in_s double precision)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
declare
    is_quiet boolean := pg_catalog.pg_try_advisory_xact_lock(32199698154615919);
    urgent_round bigint := retrato.round_reached(0::smallint);
    bulk_round bigint := retrato.round_reached(1::smallint);
    starts bigint[] := array[
        least(floors[1], urgent_round), case when floors[1] <= urgent_round then floors[2] else 0 end,
        least(floors[3], bulk_round), case when floors[3] <= bulk_round then floors[4] else 0 end
    ];
begin
    if exists (select from retrato.pauses p where p.scope = 'all') then
        return query select false, false, null::float8;
        return;
    end if;

    return query
    select
        not is_quiet,
        exists (
            select
            from (values (0::smallint), (1::smallint)) as lanes(lane)
            cross join lateral (
                select j.round
                from retrato.jobs j
                where
                    j.state = 'queued'
                    and not j.delayed
                    and j.lane = lanes.lane
                    and (j.round, j.place) >= (starts[2 * lanes.lane + 1], starts[2 * lanes.lane + 2])
                order by j.round, j.place
                limit 1
            ) first
        )
        or exists (
            select from retrato.jobs j where j.state = 'queued' and j.delayed and j.run_at <= statement_timestamp()
        ),
        (
            select greatest(0, extract(epoch from j.run_at - clock_timestamp()))::float8
            from retrato.jobs j
            where j.state = 'queued' and j.delayed and j.run_at < 'infinity'
            order by j.run_at
            limit 1
        );
end;
$function$

-- function retrato.next_round(smallint)
CREATE OR REPLACE FUNCTION retrato.next_round(lane smallint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
begin
    perform pg_catalog.pg_current_xact_id();
    if lane = 0 then
        return (select last_value + 1 from retrato.round_urgent);
    end if;
    return (select last_value + 1 from retrato.round_bulk);
end;
$function$

-- function retrato.on_avatar_cover()
CREATE OR REPLACE FUNCTION retrato.on_avatar_cover()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    images text[];
    thumbnails text[];
begin
    select array_agg(a.image_url order by a.version), array_agg(a.thumbnail_url order by a.version)
    into images, thumbnails
    from retrato.avatars a
    where a.persona_id = new."persona_id"::text;

    if images is not null and (((coalesce(new."avatar_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_url" = any(images) and new."avatar_url" <> images[cardinality(images)]) or ((coalesce(new."avatar_local_path", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_local_path" = any(images) and new."avatar_local_path" <> images[cardinality(images)])) then
        if (coalesce(new."avatar_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_url" = any(images) then
    new."avatar_url" := images[cardinality(images)];
end if;
if (coalesce(new."avatar_local_path", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_local_path" = any(images) then
    new."avatar_local_path" := images[cardinality(images)];
end if;
if (coalesce(new."avatar_thumbnail_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_thumbnail_url" = any(thumbnails) then
    new."avatar_thumbnail_url" := thumbnails[cardinality(thumbnails)];
end if;
if (coalesce(new."avatar_thumbnail_local_path", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_thumbnail_local_path" = any(thumbnails) then
    new."avatar_thumbnail_local_path" := thumbnails[cardinality(thumbnails)];
end if;
        if tg_op = 'UPDATE' then
            if old."metadados"::jsonb ? 'flux_generation' and coalesce(jsonb_typeof(new."metadados"::jsonb), 'object') = 'object' then
    new."metadados" := (coalesce(new."metadados"::jsonb, '{}') || jsonb_build_object('flux_generation', old."metadados"::jsonb -> 'flux_generation'))::jsonb;
end if;
        end if;
    end if;
    return new;
end;
$function$

-- function retrato.on_personas_cover()
CREATE OR REPLACE FUNCTION retrato.on_personas_cover()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    images text[];
    thumbnails text[];
begin
    select array_agg(a.image_url order by a.version), array_agg(a.thumbnail_url order by a.version)
    into images, thumbnails
    from retrato.avatars a
    where a.persona_id = new."id"::text;

    if images is not null and (((coalesce(new."avatar_image_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_image_url" = any(images) and new."avatar_image_url" <> images[cardinality(images)])) then
        if (coalesce(new."avatar_image_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or new."avatar_image_url" = any(images) then
    new."avatar_image_url" := images[cardinality(images)];
end if;
        new."avatar_image_generated_at" := old."avatar_image_generated_at";
new."avatar_image_prompt" := old."avatar_image_prompt";
    end if;
    return new;
end;
$function$

-- function retrato.on_personas_delete()
CREATE OR REPLACE FUNCTION retrato.on_personas_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
    delete from retrato.jobs j
    using departures p
    where j.persona_id = p."id"::text;

    delete from retrato.avatars a
    using departures p
    where a.persona_id = p."id"::text;

    delete from retrato.looks l
    using departures p
    where l.persona_id = p."id"::text;

    return null;
end;
$function$

-- function retrato.on_personas_insert()
CREATE OR REPLACE FUNCTION retrato.on_personas_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    persona_ids text[];
    empresa_ids text[];
begin
    select array_agg(p."id"::text), array_agg(coalesce(nullif(p."empresa_id"::text, ''), '-'))
    into persona_ids, empresa_ids
    from arrivals p
    where (coalesce(coalesce(nullif(btrim(p."full_name"::text), '')), '') ~ E'^\\s*[^\\s[]' and lower(coalesce(p."status"::text, '')) not in ('inactive', 'archived')) and ((coalesce(coalesce(case when not (coalesce(p."avatar_image_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') then p."avatar_image_url" end, (select max(pa.avatar_url) from "public"."personas_avatares" pa where pa."persona_id" = p."id" and not (coalesce(pa.avatar_url, '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_'))), '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') or (p."regenerate_avatar" is true));

    perform retrato.enqueue(persona_ids, empresa_ids, 1::smallint, false);
    return null;
end;
$function$

-- function retrato.on_personas_truncate()
CREATE OR REPLACE FUNCTION retrato.on_personas_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
    delete from retrato.jobs;
    delete from retrato.avatars;
    delete from retrato.looks;
    return null;
end;
$function$

-- function retrato.on_personas_update()
CREATE OR REPLACE FUNCTION retrato.on_personas_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    asked_persona_id text := new."id"::text;
    asked_empresa_id text := coalesce(nullif(new."empresa_id"::text, ''), '-');
    is_drawn boolean;
    wants_new_face boolean;
begin
    if not (coalesce(coalesce(nullif(btrim(new."full_name"::text), '')), '') ~ E'^\\s*[^\\s[]' and lower(coalesce(new."status"::text, '')) not in ('inactive', 'archived')) then
        -- The flag stays up; the persona is queued when it becomes ready. A picture that is being drawn is no answer
        -- to a flag that was raised meanwhile.
        if (new."regenerate_avatar" is true) and not (old."regenerate_avatar" is true) then
            update retrato.jobs j
            set generation = j.generation + 1, new_face = true, takeovers = 0
            where j.persona_id = asked_persona_id and j.state = 'running';
        end if;
        return null;
    end if;

    if (new."regenerate_avatar" is true) then
        perform retrato.enqueue(
            array[asked_persona_id], array[asked_empresa_id], retrato.lane_of(asked_empresa_id), true
        );
        return null;
    end if;

    -- The lock tells a worker that is about to drop the job, because the persona was not ready, to look again
    -- (drop_job.sql).
    select j.new_face into wants_new_face from retrato.jobs j where j.persona_id = asked_persona_id for share;
    is_drawn := found or exists (select from retrato.avatars a where a.persona_id = asked_persona_id);

    if is_drawn and false then
        perform retrato.enqueue(array[asked_persona_id], array[asked_empresa_id], 1::smallint, true);
        update retrato.jobs j
        set new_face = coalesce(wants_new_face, false)
        where j.persona_id = asked_persona_id;
    elsif not is_drawn and (coalesce(coalesce(case when not (coalesce(new."avatar_image_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') then new."avatar_image_url" end, (select max(pa.avatar_url) from "public"."personas_avatares" pa where pa."persona_id" = new."id" and not (coalesce(pa.avatar_url, '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_'))), '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') then
        perform retrato.enqueue(array[asked_persona_id], array[asked_empresa_id], 1::smallint, false);
    end if;
    return null;
end;
$function$

-- function retrato.on_prompt()
CREATE OR REPLACE FUNCTION retrato.on_prompt()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    ready_persona_id text;
    ready_empresa_id text;
begin
    select p."id"::text, coalesce(nullif(p."empresa_id"::text, ''), '-')
    into ready_persona_id, ready_empresa_id
    from "public"."personas" p
    where
        p."id" = new."persona_id"::text::uuid
        and (coalesce(coalesce(nullif(btrim(p."full_name"::text), '')), '') ~ E'^\\s*[^\\s[]' and lower(coalesce(p."status"::text, '')) not in ('inactive', 'archived'))
        and (coalesce(coalesce(case when not (coalesce(p."avatar_image_url", '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_') then p."avatar_image_url" end, (select max(pa.avatar_url) from "public"."personas_avatares" pa where pa."persona_id" = p."id" and not (coalesce(pa.avatar_url, '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_'))), '') ~* E'^\\s*$|dicebear\\.com|ui-avatars\\.com|unsplash\\.com|temp_')
        and not exists (select from retrato.avatars a where a.persona_id = p."id"::text);
    if not found then
        return null;
    end if;

    -- The lock tells a worker that is about to drop the job to look again (drop_job.sql).
    perform from retrato.jobs j where j.persona_id = ready_persona_id for share;
    if not found then
        perform retrato.enqueue(array[ready_persona_id], array[ready_empresa_id], 1::smallint, false);
    end if;
    return null;
end;
$function$

-- function retrato.pause(text,text,text)
CREATE OR REPLACE FUNCTION retrato.pause(scope text, name text DEFAULT ''::text, reason text DEFAULT NULL::text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
    insert into retrato.pauses (scope, name, reason)
    values (pause.scope, pause.name, pause.reason)
    on conflict do nothing;
    return found;
end;
$function$

-- function retrato.reach(smallint,bigint)
CREATE OR REPLACE FUNCTION retrato.reach(lane smallint, round bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
    if
        retrato.round_reached(lane) < round
        and pg_catalog.pg_try_advisory_xact_lock(1919907182, lane)
        and retrato.round_reached(lane) < round
    then
        perform pg_catalog.setval(
            case lane when 0 then 'retrato.round_urgent' else 'retrato.round_bulk' end::pg_catalog.regclass, round
        );
    end if;
    return round;
end;
$function$

-- function retrato.request(text[],boolean)
CREATE OR REPLACE FUNCTION retrato.request(persona_ids text[], force boolean DEFAULT false)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    select retrato.request_in_lane(request.persona_ids, request.force, null)
$function$

-- function retrato.request_company(text,boolean)
CREATE OR REPLACE FUNCTION retrato.request_company(empresa_id text, force boolean DEFAULT false)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
$function$

-- function retrato.request_in_lane(text[],boolean,smallint)
CREATE OR REPLACE FUNCTION retrato.request_in_lane(persona_ids text[], force boolean, lane smallint)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    chosen text[];
    companies text[];
begin
    -- The host's rows first, in id order: the same way round as an application's update and as the write-back.
    select array_agg(held.persona_id), array_agg(held.empresa_id)
    into chosen, companies
    from (
        select p."id"::text as persona_id, coalesce(nullif(p."empresa_id"::text, ''), '-') as empresa_id
        from "public"."personas" p
        where p."id" = any(request_in_lane.persona_ids::uuid[])
        order by p."id"
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
$function$

-- function retrato.restore(text,integer)
CREATE OR REPLACE FUNCTION retrato.restore(persona_id text, version integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '500ms'
AS $function$
#variable_conflict use_column
declare
    present_empresa_id text;
    new_version integer;
begin
    -- The persona first, as everybody does; nobody writes a version of it meanwhile.
    select coalesce(nullif(p."empresa_id"::text, ''), '-')
    into present_empresa_id
    from "public"."personas" p
    where p."id" = restore.persona_id::uuid
    for no key update;

    with old as materialized (
        select a.*
        from retrato.avatars a
        where a.persona_id = restore.persona_id and a.version = restore.version and present_empresa_id is not null
    ),
    copied as (
        insert into retrato.avatars (
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s, restored_from
        )
        select
            persona_id,
            (select 1 + max(a.version) from retrato.avatars a where a.persona_id = old.persona_id),
            present_empresa_id,
            nextval('retrato.tokens'),
            generation, image_key, thumbnail_key, image_url, thumbnail_url, sha256, image_bytes, width, height,
            provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            0,
            0,
            took_s,
            version
        from old
        returning *
    ),
    mine as materialized (
        -- What the write-back's part of this name has; the picture is as old and cost what it did when it was drawn.
        select
            copied.*,
            copied.provider || '_' || regexp_replace(copied.model, '^.*/', '') as service,
            true as asked_again,
            jsonb_build_object(
                'flux_generation',
                jsonb_build_object(
                    'model', copied.model,
                    'seed_used', copied.seed,
                    'generated_at', to_char(old.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
                    'image_size', copied.width || 'x' || copied.height,
                    'file_size_kb', to_char(copied.image_bytes / 1024.0, 'FM999999990.00'),
                    'inference_steps', copied.steps,
                    'guidance_scale', copied.guidance,
                    'provider', copied.provider,
                    'leg', copied.leg,
                    'prompt', copied.prompt,
                    'version', copied.version,
                    'cost_usd', trim_scale(old.cost_usd),
                    'sha256', copied.sha256,
                    'ai_generated', true
                )
            ) as metadados
        from copied
        cross join old
    ),
avatares_updated as (
    update "public"."personas_avatares" pa
    set "avatar_url" = mine.image_url, "avatar_thumbnail_url" = mine.thumbnail_url, "avatar_local_path" = mine.image_url, "avatar_thumbnail_local_path" = mine.thumbnail_url, "servico_usado" = (mine.service)::character varying, "ativo" = (true)::boolean, "updated_at" = (now())::timestamp with time zone, "metadados" = (case when jsonb_typeof(pa."metadados"::jsonb) = 'object' then pa."metadados"::jsonb else '{}' end || mine.metadados)::jsonb
    from mine
    where pa."persona_id" = mine.persona_id::uuid and pa."persona_id" = any(array(select mine.persona_id::uuid from mine))
),
avatares_inserted as (
    insert into "public"."personas_avatares" ("persona_id", "avatar_url", "avatar_thumbnail_url", "avatar_local_path", "avatar_thumbnail_local_path", "servico_usado", "ativo", "updated_at", "metadados")
    select mine.persona_id::uuid, mine.image_url, mine.thumbnail_url, mine.image_url, mine.thumbnail_url, (mine.service)::character varying, (true)::boolean, (now())::timestamp with time zone, (mine.metadados)::jsonb
    from mine
    where not exists (select from "public"."personas_avatares" pa where pa."persona_id" = mine.persona_id::uuid)
),
personas_updated as (
    update "public"."personas" p
    set "avatar_image_url" = mine.image_url, "avatar_image_prompt" = (mine.prompt)::text, "avatar_image_generated_at" = (now())::timestamp without time zone, "regenerate_avatar" = p."regenerate_avatar" and mine.asked_again
    from mine
    where p."id" = mine.persona_id::uuid and p."id" = any(array(select mine.persona_id::uuid from mine))
)
    select mine.version
    into new_version
    from mine;

    return new_version;
end;
$function$

-- function retrato.resume(text,text)
CREATE OR REPLACE FUNCTION retrato.resume(scope text, name text DEFAULT ''::text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
 SET lock_timeout TO '500ms'
AS $function$
declare
    was_paused boolean;
    closed text[] := '{}';
    called integer := 0;
begin
    if resume.scope = 'empresa' and current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a company is resumed at READ COMMITTED'
        using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'begin isolation level read committed; select retrato.resume(...); commit;';
    end if;

    delete from retrato.pauses p
    where p.scope = resume.scope and p.name = resume.name;
    was_paused := found;

    if resume.scope = 'leg' then
        closed := array(
            select l.leg
            from retrato.legs l
            where
                (l.closed_until is not null or l.suspended_keys <> '{}')
                and (l.leg = resume.name or pg_catalog.starts_with(l.leg, resume.name || '/'))
        );
    end if;

    if resume.scope = 'leg' then
        -- Jobs before legs, each in order, as everybody does. A job that an application holds comes in its own time.
        -- What a release before has delayed does not say for what: then its last fault tells whether a leg had it.
        update retrato.jobs j
        set run_at = now()
        where
            j.persona_id = any(array(
                select waiting.persona_id
                from retrato.jobs waiting
                where
                    waiting.state = 'queued'
                    and waiting.delayed
                    and waiting.run_at > now()
                    and waiting.run_at < 'infinity'
                    and case
                        when waiting.waits_for is null then
                            (was_paused or closed <> '{}')
                            and coalesce(waiting.last_fault, 'auth') in (
                                'auth', 'no_credit', 'gone', 'throttled', 'loading', 'transient', 'unknown_outcome'
                            )
                        else exists (
                            select
                            from unnest(waiting.waits_for) as awaited(leg)
                            where
                                awaited.leg = resume.name
                                or pg_catalog.starts_with(awaited.leg, resume.name || '/')
                                -- a provider that could not even tell its legs
                                or pg_catalog.starts_with(resume.name, awaited.leg || '/')
                        )
                    end
                order by waiting.persona_id
                for update skip locked
            ));
        get diagnostics called = row_count;

        update retrato.legs l
        set closed_until = null, probing_until = null, faults_in_row = 0, suspended_keys = '{}'
        where
            l.leg = any(array(
                select shut.leg
                from retrato.legs shut
                where shut.leg = any(closed)
                order by shut.leg
                for update
            ));
    end if;

    if resume.scope = 'empresa' then
        with parked as materialized (
            select j.persona_id, j.lane, j.round, j.place
            from retrato.jobs j
            where j.state = 'queued' and j.delayed and j.run_at = 'infinity' and j.empresa_id = resume.name
            order by j.persona_id
            for update
        ),
        company as materialized (
            select lanes.lane, lanes.next, retrato.free_round(lanes.lane, resume.name, lanes.next) as behind_all
            from (
                select asked.lane, retrato.next_round(asked.lane) as next
                from (select distinct lane from parked) asked
            ) lanes
        ),
        ordered as (
            select
                parked.persona_id,
                parked.lane,
                parked.round,
                parked.round >= company.next as is_in_time,
                company.behind_all,
                row_number() over (
                    partition by parked.lane, parked.round >= company.next order by parked.round, parked.place
                ) as nth
            from parked
            join company on company.lane = parked.lane
        ),
        in_time as materialized (
            -- Those whose turn is still to come have it: else a short pause would cost the company hundreds of turns.
            -- Some may have the same, queued while the others were out: one after the other.
            select
                persona_id,
                lane,
                2 * nth + max(round - 2 * nth) over (partition by lane order by nth) as round
            from ordered
            where is_in_time
        ),
        given as (
            select persona_id, round from in_time
            union all
            select late.persona_id, greatest(late.behind_all, last.round + 2) + 2 * (late.nth - 1) as round
            from ordered late
            left join (select lane, max(round) as round from in_time group by lane) last on last.lane = late.lane
            where not late.is_in_time
        )
        update retrato.jobs j
        set
            round = given.round,
            -- due at once, the first to go first
            run_at = now() - given.rank * interval '1 microsecond'
        from (select persona_id, round, row_number() over (order by round desc) as rank from given) given
        where j.persona_id = given.persona_id;
    end if;

    perform pg_catalog.pg_notify('retrato', '');
    return was_paused or closed <> '{}' or called > 0;
end;
$function$

-- function retrato.round_reached(smallint)
CREATE OR REPLACE FUNCTION retrato.round_reached(lane smallint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
begin
    if lane = 0 then
        return (select last_value from retrato.round_urgent);
    end if;
    return (select last_value from retrato.round_bulk);
end;
$function$

-- function retrato.take_over_jobs(uuid,double precision,integer,bigint[])
CREATE OR REPLACE FUNCTION retrato.take_over_jobs(me uuid, silence_s double precision, most_takeovers integer, in_hand bigint[])
 RETURNS TABLE(persona_id text)
 LANGUAGE sql
 SET search_path TO ''
AS $function$
    select persona_id from retrato.take_over_jobs_from(me, silence_s, most_takeovers, in_hand, 0)
$function$

-- function retrato.take_over_jobs_from(uuid,double precision,integer,bigin
CREATE OR REPLACE FUNCTION retrato.take_over_jobs_from(me uuid, silence_s double precision, most_takeovers integer, in_hand bigint[], floor bigint)
 RETURNS TABLE(persona_id text)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
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
                    and l.classid = 1919251570::oid
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
$function$

-- function retrato.write_back(jsonb,boolean)
CREATE OR REPLACE FUNCTION retrato.write_back(finished jsonb, patiently boolean)
 RETURNS TABLE(token bigint, asked_again boolean)
 LANGUAGE plpgsql
 SET lock_timeout TO '500ms'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
declare
    asked text[] := array(select f ->> 'persona_id' from jsonb_array_elements(finished) f);
    locked text[];
begin
    if patiently then
        locked := array(
            select p."id"::text
            from "public"."personas" p
            where p."id" = any(asked::uuid[])
            order by p."id"
            for no key update
        );
    else
        locked := array(
            select p."id"::text
            from "public"."personas" p
            where p."id" = any(asked::uuid[])
            order by p."id"
            for no key update skip locked
        );
    end if;

    return query
    with finished as materialized (
        select *
        from jsonb_to_recordset(write_back.finished) as f(
            persona_id text,
            token bigint,
            generation integer,
            version integer,
            image_key text,
            thumbnail_key text,
            image_url text,
            thumbnail_url text,
            sha256 text,
            image_bytes integer,
            width integer,
            height integer,
            provider text,
            leg text,
            model text,
            prompt text,
            prompt_is_theirs boolean,
            seed bigint,
            redraw integer,
            steps integer,
            guidance real,
            cost_usd numeric,
            attempts integer,
            took_s real,
            service text,
            metadados jsonb
        )
        where f.persona_id = any(locked)
    ),
    mine as materialized (
        -- Job by job by the key, whatever the planner believes. A job with this fence is running.
        select f.*, held.empresa_id, held.generation <> f.generation as asked_again
        from finished f
        cross join lateral (
            select j.empresa_id, j.generation
            from retrato.jobs j
            where j.persona_id = f.persona_id and j.token = f.token
            for update
        ) held
    ),
    versions as (
        insert into retrato.avatars (
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s
        )
        select
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s
        from mine
    ),
    ended as (
        delete from retrato.jobs j
        using mine
        where
            j.persona_id = mine.persona_id
            and j.persona_id = any(array(select persona_id from mine))
            and not mine.asked_again
    ),
    queued_again as (
        update retrato.jobs j
        set
            state = 'queued',
            delayed = false,
            run_at = clock_timestamp(),
            round = retrato.next_round(j.lane),
            place = nextval('retrato.places'),
            attempts = 0,
            takeovers = 0,
            token = null,
            replica_id = null,
            lease_until = null,
            version = null,
            redraw = null,
            seed = null,
            last_fault = null,
            last_error = null
        from mine
        where
            j.persona_id = mine.persona_id
            and j.persona_id = any(array(select persona_id from mine))
            and mine.asked_again
        -- The others sleep, and a claimable job keeps applications from waking them.
        returning pg_notify('retrato', '')
    ),
avatares_updated as (
    update "public"."personas_avatares" pa
    set "avatar_url" = mine.image_url, "avatar_thumbnail_url" = mine.thumbnail_url, "avatar_local_path" = mine.image_url, "avatar_thumbnail_local_path" = mine.thumbnail_url, "servico_usado" = (mine.service)::character varying, "ativo" = (true)::boolean, "updated_at" = (now())::timestamp with time zone, "metadados" = (case when jsonb_typeof(pa."metadados"::jsonb) = 'object' then pa."metadados"::jsonb else '{}' end || mine.metadados)::jsonb
    from mine
    where pa."persona_id" = mine.persona_id::uuid and pa."persona_id" = any(array(select mine.persona_id::uuid from mine))
),
avatares_inserted as (
    insert into "public"."personas_avatares" ("persona_id", "avatar_url", "avatar_thumbnail_url", "avatar_local_path", "avatar_thumbnail_local_path", "servico_usado", "ativo", "updated_at", "metadados")
    select mine.persona_id::uuid, mine.image_url, mine.thumbnail_url, mine.image_url, mine.thumbnail_url, (mine.service)::character varying, (true)::boolean, (now())::timestamp with time zone, (mine.metadados)::jsonb
    from mine
    where not exists (select from "public"."personas_avatares" pa where pa."persona_id" = mine.persona_id::uuid)
),
personas_updated as (
    update "public"."personas" p
    set "avatar_image_url" = mine.image_url, "avatar_image_prompt" = (mine.prompt)::text, "avatar_image_generated_at" = (now())::timestamp without time zone, "regenerate_avatar" = p."regenerate_avatar" and mine.asked_again
    from mine
    where p."id" = mine.persona_id::uuid and p."id" = any(array(select mine.persona_id::uuid from mine))
)
    select mine.token, mine.asked_again
    from mine;
end;
$function$

-- index attempts_by_image
CREATE INDEX attempts_by_image ON retrato.attempts USING btree (image_key) WHERE (image_key IS NOT NULL)

-- index attempts_by_leg
CREATE INDEX attempts_by_leg ON retrato.attempts USING btree (leg, started_at)

-- index attempts_by_persona
CREATE INDEX attempts_by_persona ON retrato.attempts USING btree (persona_id, id)

-- index attempts_by_time
CREATE INDEX attempts_by_time ON retrato.attempts USING btree (started_at)

-- index attempts_pkey
CREATE UNIQUE INDEX attempts_pkey ON retrato.attempts USING btree (id)

-- index attempts_unfinished
CREATE INDEX attempts_unfinished ON retrato.attempts USING btree (started_at) WHERE (state = 'sending'::text)

-- index avatars_by_empresa
CREATE INDEX avatars_by_empresa ON retrato.avatars USING btree (empresa_id, created_at)

-- index avatars_by_image
CREATE INDEX avatars_by_image ON retrato.avatars USING btree (image_key)

-- index avatars_pkey
CREATE UNIQUE INDEX avatars_pkey ON retrato.avatars USING btree (persona_id, version)

-- index avatars_token_key
CREATE UNIQUE INDEX avatars_token_key ON retrato.avatars USING btree (token)

-- index budget_pkey
CREATE UNIQUE INDEX budget_pkey ON retrato.budget USING btree (month)

-- index chores_pkey
CREATE UNIQUE INDEX chores_pkey ON retrato.chores USING btree (chore)

-- index console_logouts_pkey
CREATE UNIQUE INDEX console_logouts_pkey ON retrato.console_logouts USING btree (session_id)

-- index garbage_pkey
CREATE UNIQUE INDEX garbage_pkey ON retrato.garbage USING btree (image_key)

-- index installation_pkey
CREATE UNIQUE INDEX installation_pkey ON retrato.installation USING btree (singleton)

-- index jobs_by_token
CREATE INDEX jobs_by_token ON retrato.jobs USING btree (token) WHERE (state = 'running'::text)

-- index jobs_delayed
CREATE INDEX jobs_delayed ON retrato.jobs USING btree (run_at) WHERE ((state = 'queued'::text) AND delayed)

-- index jobs_failed
CREATE INDEX jobs_failed ON retrato.jobs USING btree (empresa_id) WHERE (state = 'failed'::text)

-- index jobs_in_turn
CREATE INDEX jobs_in_turn ON retrato.jobs USING btree (lane, round, place) WHERE ((state = 'queued'::text) AND (NOT delayed))

-- index jobs_of_company
CREATE INDEX jobs_of_company ON retrato.jobs USING btree (lane, empresa_id, round, place) WHERE ((state = 'queued'::text) AND (NOT delayed))

-- index jobs_pkey
CREATE UNIQUE INDEX jobs_pkey ON retrato.jobs USING btree (persona_id)

-- index legs_pkey
CREATE UNIQUE INDEX legs_pkey ON retrato.legs USING btree (leg)

-- index looks_empresa_id_fingerprint_key
CREATE UNIQUE INDEX looks_empresa_id_fingerprint_key ON retrato.looks USING btree (empresa_id, fingerprint)

-- index looks_pkey
CREATE UNIQUE INDEX looks_pkey ON retrato.looks USING btree (persona_id)

-- index migrations_pkey
CREATE UNIQUE INDEX migrations_pkey ON retrato.migrations USING btree (number)

-- index pace_pkey
CREATE UNIQUE INDEX pace_pkey ON retrato.pace USING btree (singleton)

-- index pauses_pkey
CREATE UNIQUE INDEX pauses_pkey ON retrato.pauses USING btree (scope, name)

-- index replicas_pkey
CREATE UNIQUE INDEX replicas_pkey ON retrato.replicas USING btree (id)

-- sequence attempts_id_seq
sequence

-- sequence places
sequence

-- sequence round_bulk
sequence

-- sequence round_urgent
sequence

-- sequence tokens
sequence

-- table attempts
id bigint not null,
    persona_id text collate "C" not null,
    empresa_id text collate "C" not null,
    version integer not null,
    token bigint not null,
    provider text not null,
    leg text not null,
    model text not null,
    seed bigint not null,
    redraw integer not null,
    state text not null default 'sending'::text,
    fault text,
    error text,
    request_id text,
    image_key text,
    sha256 text,
    cost_usd numeric(12,6),
    started_at timestamp with time zone not null default clock_timestamp(),
    finished_at timestamp with time zone,
    ordered jsonb not null default '{}'::jsonb,
    thumbnail_key text,
    reserved_usd numeric(12,6),
    generation integer,
    price_usd numeric(12,6)

-- table avatars
persona_id text collate "C" not null,
    version integer not null,
    empresa_id text collate "C" not null,
    token bigint not null,
    generation integer not null,
    image_key text not null,
    thumbnail_key text not null,
    image_url text not null,
    thumbnail_url text not null,
    sha256 text not null,
    image_bytes integer not null,
    width integer not null,
    height integer not null,
    provider text not null,
    leg text not null,
    model text not null,
    prompt text not null,
    seed bigint,
    redraw integer not null default 0,
    steps integer,
    guidance real,
    cost_usd numeric(12,6),
    attempts integer not null,
    took_s real not null,
    created_at timestamp with time zone not null default now(),
    restored_from integer,
    prompt_is_theirs boolean not null default false

-- table budget
month date not null,
    reserved_usd numeric(14,6) not null default 0,
    spent_usd numeric(14,6) not null default 0
    with (fillfactor=50)

-- table chores
chore text not null,
    next_at timestamp with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone,
    position text not null default ''::text
    with (fillfactor=50)

-- table console_logouts
session_id text not null,
    forget_at timestamp with time zone not null

-- table garbage
image_key text not null,
    token bigint not null,
    noted_at timestamp with time zone not null default now(),
    doomed_at timestamp with time zone

-- table installation
singleton boolean not null default true,
    installed_at timestamp with time zone not null default now(),
    functions_of_schema_4 text not null default ''::text,
    flag_is_ours boolean not null default false,
    id uuid not null default gen_random_uuid(),
    serves_from integer not null default 4,
    functions_sha256 text not null default ''::text,
    triggers_sha256 text generated always as (functions_of_schema_4) stored,
    key_salt uuid not null default gen_random_uuid()

-- table jobs
persona_id text collate "C" not null,
    empresa_id text collate "C" not null,
    state text not null default 'queued'::text,
    delayed boolean not null default false,
    run_at timestamp with time zone not null default now(),
    lane smallint not null default 1,
    place bigint not null default nextval('retrato.places'::regclass),
    generation integer not null default 1,
    attempts integer not null default 0,
    takeovers integer not null default 0,
    token bigint,
    replica_id uuid,
    lease_until timestamp with time zone,
    version integer,
    redraw integer,
    seed bigint,
    last_fault text,
    last_error text,
    requested_at timestamp with time zone not null default now(),
    started_at timestamp with time zone,
    new_face boolean not null default false,
    round bigint not null default 0,
    waits_for text[]
    with (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=5000, autovacuum_vacuum_cost_delay=0)

-- table legs
leg text not null,
    faults_in_row integer not null default 0,
    closed_until timestamp with time zone,
    last_fault text,
    reason text,
    succeeded_at timestamp with time zone,
    failed_at timestamp with time zone,
    next_at timestamp with time zone,
    probing_until timestamp with time zone,
    slots jsonb not null default '{}'::jsonb,
    suspended_keys jsonb not null default '{}'::jsonb
    with (fillfactor=50)

-- table looks
persona_id text collate "C" not null,
    empresa_id text collate "C" not null,
    look jsonb not null,
    fingerprint text collate "C" not null,
    version integer not null,
    drawn_at timestamp with time zone not null default now()

-- table migrations
number integer not null,
    name text not null,
    sha256 text not null,
    applied_at timestamp with time zone not null default now()

-- table pace
singleton boolean not null default true,
    next_at timestamp with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone,
    positions text[] collate "C" not null default ARRAY[''::text, ''::text]
    with (fillfactor=50)

-- table pauses
scope text not null,
    name text collate "C" not null default ''::text,
    reason text,
    paused_at timestamp with time zone not null default now()

-- table replicas
id uuid not null,
    lock_key integer not null,
    locks boolean not null,
    version text not null,
    started_at timestamp with time zone not null default now(),
    last_seen timestamp with time zone not null default clock_timestamp()
    with (fillfactor=50)

-- trigger retrato_on_cover
CREATE TRIGGER retrato_on_cover BEFORE UPDATE ON public.personas FOR EACH ROW WHEN (((new.avatar_image_url IS DISTINCT FROM old.avatar_image_url) AND (NOT (COALESCE(old.avatar_image_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)) AND ((COALESCE(new.avatar_image_url, ''::text) ~* 'dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text) OR ((old.avatar_image_generated_at IS NOT NULL) AND COALESCE((new.avatar_image_generated_at < old.avatar_image_generated_at), true))))) EXECUTE FUNCTION retrato.on_personas_cover()

-- trigger retrato_on_delete
CREATE TRIGGER retrato_on_delete AFTER DELETE ON public.personas REFERENCING OLD TABLE AS departures FOR EACH STATEMENT EXECUTE FUNCTION retrato.on_personas_delete()

-- trigger retrato_on_insert
CREATE TRIGGER retrato_on_insert AFTER INSERT ON public.personas REFERENCING NEW TABLE AS arrivals FOR EACH STATEMENT EXECUTE FUNCTION retrato.on_personas_insert()

-- trigger retrato_on_prompt_before_insert
CREATE TRIGGER retrato_on_prompt_before_insert BEFORE INSERT ON public.personas_avatares FOR EACH ROW WHEN (((COALESCE(new.avatar_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text) AND (COALESCE(new.avatar_local_path, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text))) EXECUTE FUNCTION retrato.on_avatar_cover()

-- trigger retrato_on_prompt_before_update
CREATE TRIGGER retrato_on_prompt_before_update BEFORE UPDATE ON public.personas_avatares FOR EACH ROW WHEN ((((new.avatar_url IS DISTINCT FROM old.avatar_url) AND (NOT (COALESCE(old.avatar_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)) AND ((COALESCE(new.avatar_url, ''::text) ~* 'dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text) OR (COALESCE((new.metadados #> ARRAY['flux_generation'::text, 'version'::text]), 'null'::jsonb) < COALESCE((old.metadados #> ARRAY['flux_generation'::text, 'version'::text]), 'null'::jsonb)))) OR ((new.avatar_local_path IS DISTINCT FROM old.avatar_local_path) AND (NOT (COALESCE(old.avatar_local_path, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)) AND ((COALESCE(new.avatar_local_path, ''::text) ~* 'dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text) OR (COALESCE((new.metadados #> ARRAY['flux_generation'::text, 'version'::text]), 'null'::jsonb) < COALESCE((old.metadados #> ARRAY['flux_generation'::text, 'version'::text]), 'null'::jsonb)))))) EXECUTE FUNCTION retrato.on_avatar_cover()

-- trigger retrato_on_prompt_insert
CREATE TRIGGER retrato_on_prompt_insert AFTER INSERT ON public.personas_avatares FOR EACH ROW WHEN ((COALESCE(NULLIF(btrim(new.prompt_image), ''::text), NULLIF(btrim(new.prompt_usado), ''::text)) IS NOT NULL)) EXECUTE FUNCTION retrato.on_prompt()

-- trigger retrato_on_prompt_update
CREATE TRIGGER retrato_on_prompt_update AFTER UPDATE ON public.personas_avatares FOR EACH ROW WHEN (((COALESCE(NULLIF(btrim(new.prompt_image), ''::text), NULLIF(btrim(new.prompt_usado), ''::text)) IS NOT NULL) AND (NOT (COALESCE(NULLIF(btrim(old.prompt_image), ''::text), NULLIF(btrim(old.prompt_usado), ''::text)) IS NOT NULL)))) EXECUTE FUNCTION retrato.on_prompt()

-- trigger retrato_on_truncate
CREATE TRIGGER retrato_on_truncate AFTER TRUNCATE ON public.personas FOR EACH STATEMENT EXECUTE FUNCTION retrato.on_personas_truncate()

-- trigger retrato_on_update
CREATE TRIGGER retrato_on_update AFTER UPDATE ON public.personas FOR EACH ROW WHEN ((((new.regenerate_avatar IS TRUE) AND (NOT (old.regenerate_avatar IS TRUE))) OR ((COALESCE(COALESCE(NULLIF(btrim((new.full_name)::text), ''::text)), ''::text) ~ '^\s*[^\s[]'::text) AND (lower(COALESCE((new.status)::text, ''::text)) <> ALL (ARRAY['inactive'::text, 'archived'::text])) AND (NOT ((COALESCE(COALESCE(NULLIF(btrim((old.full_name)::text), ''::text)), ''::text) ~ '^\s*[^\s[]'::text) AND (lower(COALESCE((old.status)::text, ''::text)) <> ALL (ARRAY['inactive'::text, 'archived'::text]))))) OR false)) EXECUTE FUNCTION retrato.on_personas_update()

-- view backlog
SELECT runnable,
    running,
    (runnable + running) AS jobs
   FROM ( SELECT
                CASE
                    WHEN (EXISTS ( SELECT
                       FROM retrato.pauses
                      WHERE (pauses.scope = 'all'::text))) THEN (0)::bigint
                    ELSE (( SELECT count(*) AS count
                       FROM ( SELECT
                               FROM retrato.jobs
                              WHERE ((jobs.state = 'queued'::text) AND (NOT jobs.delayed))
                             LIMIT 10000) claimable) + ( SELECT count(*) AS count
                       FROM ( SELECT
                               FROM retrato.jobs
                              WHERE ((jobs.state = 'queued'::text) AND jobs.delayed AND (jobs.run_at <= now()))
                             LIMIT 10000) due))
                END AS runnable,
            ( SELECT count(*) AS count
                   FROM ( SELECT
                           FROM retrato.jobs
                          WHERE (jobs.state = 'running'::text)
                         LIMIT 10000) held) AS running) counted;

-- view leg_suspensions
SELECT l.leg,
    NULL::text AS key,
    l.closed_until AS suspended_until,
    l.probing_until,
    l.faults_in_row,
    l.last_fault AS fault,
    l.reason
   FROM retrato.legs l
  WHERE (l.closed_until IS NOT NULL)
UNION ALL
 SELECT l.leg,
    account.key,
    to_timestamp(((account.value ->> 'until'::text))::double precision) AS suspended_until,
    to_timestamp(((account.value ->> 'probing'::text))::double precision) AS probing_until,
    ((account.value ->> 'faults'::text))::integer AS faults_in_row,
    (account.value ->> 'fault'::text) AS fault,
    (account.value ->> 'reason'::text) AS reason
   FROM (retrato.legs l
     CROSS JOIN LATERAL jsonb_each(l.suspended_keys) account(key, value));

-- view persona_status
SELECT (p.id)::text AS persona_id,
    COALESCE(NULLIF((p.empresa_id)::text, ''::text), '-'::text) AS empresa_id,
    COALESCE(NULLIF(btrim((p.full_name)::text), ''::text)) AS name,
        CASE
            WHEN ((j.state = 'queued'::text) AND (j.attempts > 0)) THEN 'retrying'::text
            WHEN (j.state IS NOT NULL) THEN j.state
            WHEN ((a.version IS NOT NULL) OR (NOT (COALESCE(COALESCE(
            CASE
                WHEN (NOT (COALESCE(p.avatar_image_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)) THEN p.avatar_image_url
                ELSE NULL::text
            END, ( SELECT max(pa.avatar_url) AS max
               FROM public.personas_avatares pa
              WHERE ((pa.persona_id = p.id) AND (NOT (COALESCE(pa.avatar_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text))))), ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text))) THEN 'ready'::text
            WHEN (NOT ((COALESCE(COALESCE(NULLIF(btrim((p.full_name)::text), ''::text)), ''::text) ~ '^\s*[^\s[]'::text) AND (lower(COALESCE((p.status)::text, ''::text)) <> ALL (ARRAY['inactive'::text, 'archived'::text])))) THEN 'waiting'::text
            ELSE 'missing'::text
        END AS state,
    a.provider,
    COALESCE(j.attempts, a.attempts, 0) AS attempts,
    j.last_error,
    COALESCE(a.image_url, COALESCE(
        CASE
            WHEN (NOT (COALESCE(p.avatar_image_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)) THEN p.avatar_image_url
            ELSE NULL::text
        END, ( SELECT max(pa.avatar_url) AS max
           FROM public.personas_avatares pa
          WHERE ((pa.persona_id = p.id) AND (NOT (COALESCE(pa.avatar_url, ''::text) ~* '^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_'::text)))))) AS avatar_url,
    a.thumbnail_url,
    a.version,
    a.seed,
    a.took_s,
    a.created_at AS generated_at,
        CASE
            WHEN ((j.state = 'queued'::text) AND (j.run_at < 'infinity'::timestamp with time zone)) THEN j.run_at
            ELSE NULL::timestamp with time zone
        END AS run_at,
    ((COALESCE(COALESCE(NULLIF(btrim((p.full_name)::text), ''::text)), ''::text) ~ '^\s*[^\s[]'::text) AND (lower(COALESCE((p.status)::text, ''::text)) <> ALL (ARRAY['inactive'::text, 'archived'::text]))) AS ready
   FROM ((public.personas p
     LEFT JOIN retrato.jobs j ON ((j.persona_id = (p.id)::text)))
     LEFT JOIN LATERAL ( SELECT v.provider,
            v.attempts,
            v.image_url,
            v.thumbnail_url,
            v.version,
            v.seed,
            v.took_s,
            v.created_at
           FROM retrato.avatars v
          WHERE (v.persona_id = (p.id)::text)
          ORDER BY v.version DESC
         LIMIT 1) a ON (true));
