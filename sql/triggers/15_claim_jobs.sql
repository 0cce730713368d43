-- Take the turn and claim, in one statement: no client can hold the turn while it sleeps.
--
-- Whose turn it is was said when the jobs were queued (05_rounds.sql): the claim reads one index by round and place,
-- first in the lane that goes first. It begins at the floors that the caller remembers: what lies below was claimed,
-- and while somebody holds an old snapshot its index entries stay. The answer says where floors may be next time
-- (store/floor.py); floors of zero are always right, only dear.
--
-- With a pace the row retrato.pace is locked, one job is taken and the next turn set, but only when there was one.
-- Without a pace that row is not touched.
--
-- Jobs whose time has come are put into the claim's index on the way, for the next claim: this one's snapshot does
-- not show them there. Who finds nothing claims twice before it sleeps.
--
-- While all is paused nothing is taken. A paused company's jobs are put outside the claim's index when they are met,
-- until retrato.resume puts them back.
--
-- most: how many jobs   pace_s: seconds, 0 = none   lane_order: the lane that goes first comes first
-- lease_s: seconds   me: the replica   floors: round and place of lane 0, round and place of lane 1
-- only_empresa: only this company, null = all   more: how many jobs more are looked at, where those that are found
--   first are a paused company's
--
-- One row per job, or one row without a job: how long the turn is away, whether there were jobs left that were not
-- looked at, and in how many seconds the first waiting job is due. With each row:
--   seen: round and place of the first job of lanes 0 and 1, or the round behind the one that the claims have come to
--   reached: the rounds behind the ones that the claims had come to, before anything was looked at
--   writer: this transaction's number, if it has one   oldest_writer: the oldest one that has not ended
--
-- One plan for all calls: finding out anew which is best would cost more than the claim. It is made of looks into
-- indexes, also while the tables are so small that walking through them would be cheaper: they grow. What is compared
-- with an index is the statement's time: the clock's own would have to be read for every entry.
create or replace function retrato.claim_jobs_from(
    most integer,
    pace_s float8,
    lane_order smallint[],
    lease_s float8,
    me uuid,
    floors bigint[],
    only_empresa text,
    more integer
)
returns table (
    nth bigint,
    persona_id text,
    empresa_id text,
    lane smallint,
    token bigint,
    generation integer,
    attempts integer,
    takeovers integer,
    version integer,
    new_face boolean,
    waited_s float8,
    wait_s float8,
    more_left boolean,
    due_in_s float8,
    seen bigint[],
    reached bigint[],
    writer bigint,
    oldest_writer bigint
)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
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
$$;

-- For replicas of the releases before there were rounds: from the very beginning, whatever they remember.
create or replace function retrato.claim_jobs(
    most integer,
    pace_s float8,
    lane_order smallint[],
    lease_s float8,
    me uuid,
    rings text[],
    only_empresa text,
    more integer
)
returns table (
    nth bigint,
    persona_id text,
    empresa_id text,
    lane smallint,
    token bigint,
    generation integer,
    attempts integer,
    takeovers integer,
    version integer,
    new_face boolean,
    waited_s float8,
    wait_s float8,
    more_left boolean,
    due_in_s float8
)
language sql
set search_path = ''
as $$
    select
        nth, persona_id, empresa_id, lane, token, generation, attempts, takeovers, version, new_face, waited_s, wait_s,
        more_left, due_in_s
    from retrato.claim_jobs_from(most, pace_s, lane_order, lease_s, me, array[0, 0, 0, 0], only_empresa, more)
$$;
