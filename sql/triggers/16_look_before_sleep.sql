-- What a replica must know before it sleeps.
--
-- A transaction that queues jobs stays silent while it sees a claimable one (retrato.enqueue): somebody was woken for
-- that one and will look. So nobody may sleep while there is a claimable job, though others hold its row, nor while a
-- transaction is under way that may have stayed silent: it holds the bell's lock. Asked before the last claim, not
-- after it. Who then finds nothing may sleep: every later silence comes behind a later bell.
--
-- Lock and jobs are looked at in one instant: who has the lock for itself knows that nobody is enqueuing while it reads
-- the jobs, in a statement that begins after that. (docs/lease.md; read one after the other, a commit in between hides.)
--
-- While all is paused nothing is claimable; retrato.resume rings.
--
-- floors: where the claims begin (15_claim_jobs.sql). The look begins at the round that the claims have come to, where
--   that is lower: a job there keeps applications silent (retrato.enqueue), also one that was put back past the floors.
-- due_in_s: seconds until the first waiting job is due, null without one.
create or replace function retrato.look_before_sleep_from(floors bigint[])
returns table (enqueuing boolean, claimable boolean, due_in_s float8)
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    is_quiet boolean := pg_catalog.pg_try_advisory_xact_lock({bell_key});
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
$$;

-- For replicas of the releases before there were rounds.
create or replace function retrato.look_before_sleep()
returns table (enqueuing boolean, claimable boolean, due_in_s float8)
language sql
set search_path = ''
as $$
    select enqueuing, claimable, due_in_s from retrato.look_before_sleep_from(array[0, 0, 0, 0])
$$;
