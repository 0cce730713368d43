-- Take the turn and claim, in one statement: no client can hold the turn while it sleeps.
--
-- The companies are walked like a ring, beginning behind the one served last: each found company costs one step in
-- the index, however long its backlog. Each lane has a ring of its own; the ring of the lane that goes first comes
-- first. A ring is walked in two laps: behind the starting point to the end, then the beginning to the starting point.
--
-- With a pace the row retrato.pace is locked, one job is taken and the next turn set, but only when there was one.
-- Without a pace that row is not touched and the caller remembers the rings' positions.
--
-- Jobs whose time has come are put into the claim's index on the way, for the next claim: this one's snapshot does
-- not show them there. Who finds nothing claims twice before it sleeps.
--
-- While all is paused nothing is taken. A paused company costs one step; its jobs are put outside the claim's index
-- on the way, until retrato.resume puts them back.
--
-- most: how many jobs   pace_s: seconds, 0 = none   lane_order: the lane that goes first comes first
-- lease_s: seconds   me: the replica   rings: positions by lane, where there is no pace
-- only_empresa: only this company, null = all   more: how many companies more than jobs are looked at, for those
--   whose rows an application holds
--
-- One row per job, or one row without a job: how long the turn is away, whether there were companies left that were
-- not looked at, and in how many seconds the first waiting job is due.
--
-- One plan for all calls: finding out anew which is best would cost more than the claim. It is made of looks into
-- indexes, also while the tables are so small that walking through them would be cheaper: they grow. What is compared
-- with an index is the statement's time: the clock's own would have to be read for every entry.
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
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with recursive due as materialized (
        select persona_id
        from retrato.jobs
        where state = 'queued' and delayed and run_at <= statement_timestamp()
        order by run_at
        limit 500
        for update skip locked
    ),
    promoted as (
        update retrato.jobs j
        set delayed = false, place = nextval('retrato.places')
        where j.persona_id = any(array(select persona_id from due))
    ),
    turn as materialized (
        select next_at, positions
        from retrato.pace
        where pace_s > 0
        for update
    ),
    start as materialized (
        select
            coalesce((select positions from turn), rings) as positions,
            coalesce((select extract(epoch from next_at - clock_timestamp())::float8 from turn), 0) as wait_s
    ),
    allowed as materialized (
        select
            positions,
            wait_s,
            case
                when wait_s > 0 or exists (select from retrato.pauses where scope = 'all') then 0
                when pace_s > 0 then 1
                else most
            end as jobs
        from start
    ),
    laps as materialized (
        select
            (2 * (lanes.nth - 1) + half.nr)::integer as lap,
            lanes.lane,
            case when half.nr = 0 then positions[lanes.lane + 1] else '' end collate "C" as behind,
            case when half.nr = 1 then positions[lanes.lane + 1] end collate "C" as up_to
        from allowed
        cross join unnest(lane_order) with ordinality as lanes(lane, nth)
        cross join (values (0), (1)) as half(nr)
        where allowed.jobs > 0
    ),
    ring (step, lap, lane, empresa_id, behind, found) as (
        select 0, lap, lane, null::text collate "C", behind, 0
        from laps
        where lap = 0 and only_empresa is null
        union all
        select
            ring.step + 1,
            coalesce(next_lap.lap, ring.lap),
            coalesce(next_lap.lane, ring.lane),
            next.empresa_id,
            coalesce(next.empresa_id, next_lap.behind),
            ring.found + (next.empresa_id is not null)::integer
        from ring
        join laps on laps.lap = ring.lap
        left join lateral (
            select following.empresa_id
            from (
                -- up_to is asked outside, so that the index is asked for one entry and never searched.
                select j.empresa_id
                from retrato.jobs j
                where j.state = 'queued' and not j.delayed and j.lane = laps.lane and j.empresa_id > ring.behind
                order by j.lane, j.empresa_id
                limit 1
            ) following
            where laps.up_to is null or following.empresa_id <= laps.up_to
        ) next on true
        left join laps next_lap on next_lap.lap = ring.lap + 1 and next.empresa_id is null
        where
            ring.found < (select jobs + more from allowed)
            and (next.empresa_id is not null or next_lap.lap is not null)
    ),
    found as materialized (
        select step, lane, empresa_id from ring where empresa_id is not null
        union all
        select lap, lane, only_empresa from laps where lap % 2 = 0 and only_empresa is not null
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
                from found
                join paused on paused.empresa_id = found.empresa_id
                cross join lateral (
                    select w.persona_id
                    from retrato.jobs w
                    where
                        w.state = 'queued'
                        and not w.delayed
                        and w.lane = found.lane
                        and w.empresa_id = found.empresa_id
                    order by w.place
                    limit 500
                    for update skip locked
                ) waiting
            ))
    ),
    companies as materialized (
        -- Every company of a lane the same share; what is locked too many is let go when the statement ends.
        select
            found.step,
            found.lane,
            found.empresa_id,
            ceil(allowed.jobs::float8 / count(*) over (partition by found.lane))::integer as share
        from found
        cross join allowed
        where found.empresa_id <> all(array(select empresa_id from paused))
    ),
    offered as materialized (
        select company.step, company.lane, first.persona_id, first.place
        from companies company
        cross join lateral (
            select j.persona_id, j.place
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = company.lane
                and j.empresa_id = company.empresa_id
            order by j.place
            limit company.share
            for update skip locked
        ) first
    ),
    chosen as materialized (
        select persona_id, row_number() over (order by lane <> (lane_order)[1], round, step) as nth
        from (
            select persona_id, lane, step, row_number() over (partition by step order by place) as round
            from offered
        ) ranked
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
            started_at = clock_timestamp()
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
    next_turn as (
        update retrato.pace
        set
            next_at = clock_timestamp() + make_interval(secs => pace_s),
            positions[claimed.lane + 1] = claimed.empresa_id
        from claimed
        where pace_s > 0
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
        null::float8 as due_in_s
    from claimed
    join chosen on chosen.persona_id = claimed.persona_id
    union all
    select
        null, null, null, null, null, null, null, null, null, null, null,
        allowed.wait_s,
        coalesce((select max(ring.found) from ring) >= allowed.jobs + more, false),
        (
            select greatest(0, extract(epoch from run_at - clock_timestamp()))::float8
            from retrato.jobs
            where state = 'queued' and delayed and run_at < 'infinity'
            order by run_at
            limit 1
        )
    from allowed
    where not exists (select from claimed)
    order by nth;
end;
$$;
