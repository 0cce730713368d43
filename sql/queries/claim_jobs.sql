-- Take the turn and claim, in one statement: no client can hold the turn while it sleeps.
--
-- The companies are walked like a ring, beginning behind the one served last: each found company costs one step in
-- the index, however long its backlog. The first of $3 is the lane that goes first; its whole ring comes before the
-- other's. One row in laps: laps 0 and 1 are the first lane behind and before the starting point, 2 and 3 the second.
--
-- With a pace the row retrato.pace is locked, one job is taken and the next turn set, but only when there was one.
-- Without a pace that row is not touched and the caller remembers the ring's position.
--
-- $1 limit integer          $2 pace in seconds, 0 = none     $3 lanes smallint[2]     $4 lease in seconds
-- $5 replica uuid           $6 position text (without pace)  $7 only this company text, null = all
--
-- One row per job, or one row without a job that tells how long the turn is away.
with recursive turn as materialized (
    select next_at, empresa_id
    from retrato.pace
    where $2::float8 > 0
    for update
),
start as materialized (
    select
        coalesce((select empresa_id from turn), $6::text) as position,
        coalesce(
            (select extract(epoch from next_at - clock_timestamp())::float8 from turn), 0
        ) as wait_s
),
allowed as materialized (
    select
        position,
        wait_s,
        jobs,
        -- a few companies more than jobs, so that rows which an application holds do not end the search
        case when jobs > 0 then jobs + 4 else 0 end as reach
    from start
    cross join lateral (
        select case when wait_s > 0 then 0 when $2::float8 > 0 then 1 else $1::integer end as jobs
    ) asked
),
ring (step, lap, empresa_id, found) as (
    select 0, 0, (select position from allowed), 0
    union all
    select
        ring.step + 1,
        ring.lap + (next.empresa_id is null)::integer,
        coalesce(next.empresa_id, case when ring.lap = 1 then (select position from allowed) else '' end),
        ring.found + (next.empresa_id is not null)::integer
    from ring
    left join lateral (
        select j.empresa_id
        from retrato.jobs j
        where
            j.state = 'queued'
            and not j.delayed
            and j.lane = ($3::smallint[])[1 + ring.lap / 2]
            and j.empresa_id > ring.empresa_id
            and (ring.lap % 2 = 0 or j.empresa_id <= (select position from allowed))
            and ($7::text is null or j.empresa_id = $7::text)
        order by j.empresa_id
        limit 1
    ) next on true
    where ring.lap < 4 and ring.found < (select reach from allowed)
),
companies as materialized (
    -- A step onto a company leaves its lap unchanged; a step over the end of a lap finds none.
    select
        now_at.step,
        now_at.empresa_id,
        ($3::smallint[])[1 + now_at.lap / 2] as lane
    from ring now_at
    join ring before on before.step = now_at.step - 1
    where now_at.found > before.found
),
offered as materialized (
    select first.persona_id, company.step, first.place
    from companies company
    cross join lateral (
        select j.persona_id, j.place
        from retrato.jobs j
        where
            j.state = 'queued'
            and not j.delayed
            and j.lane = company.lane
            and j.empresa_id = company.empresa_id
            and j.run_at <= clock_timestamp()
        order by j.place
        -- every company the same share; what is locked too many is let go when the statement ends
        limit (select ceil(allowed.jobs::float8 / count(*))::integer from companies, allowed group by allowed.jobs)
        for update skip locked
    ) first
),
chosen as materialized (
    select persona_id, step, row_number() over (partition by step order by place) as nth
    from offered
    order by nth, step
    limit (select jobs from allowed)
),
claimed as (
    update retrato.jobs j
    set
        state = 'running',
        token = nextval('retrato.tokens'),
        replica_id = $5::uuid,
        lease_until = clock_timestamp() + make_interval(secs => $4::float8),
        started_at = clock_timestamp()
    from chosen
    where j.persona_id = chosen.persona_id
    returning
        chosen.nth,
        chosen.step,
        j.persona_id,
        j.empresa_id,
        j.token,
        j.generation,
        j.attempts,
        j.takeovers,
        j.version,
        extract(epoch from clock_timestamp() - greatest(j.requested_at, j.run_at))::float8 as waited_s
),
next_turn as (
    update retrato.pace
    set
        next_at = clock_timestamp() + make_interval(secs => $2::float8),
        empresa_id = claimed.empresa_id
    from claimed
    where $2::float8 > 0
)
select persona_id, empresa_id, token, generation, attempts, takeovers, version, waited_s, null::float8 as wait_s
from claimed
union all
select null, null, null, null, null, null, null, null, wait_s
from start
where not exists (select from claimed)
