-- What is true of the whole database, for /metrics: one row, however long the queue is.
--
-- A depth is counted up to $1 jobs, in the index of its state. A lane's oldest job is looked for at the head of its
-- first $2 companies; those of a paused company do not wait for us. A job waits since it might have been claimed.
--
-- $1 most jobs counted by state   $2 most companies looked at in a lane
-- $3 seconds within which a living replica gives a sign of life
with recursive heads (lane, empresa_id, since, step) as (
    (
        select lanes.lane, first.empresa_id, first.since, 1
        from (values (0::smallint), (1::smallint)) as lanes(lane)
        cross join lateral (
            select j.empresa_id, greatest(j.requested_at, j.run_at) as since
            from retrato.jobs j
            where j.state = 'queued' and not j.delayed and j.lane = lanes.lane
            order by j.empresa_id, j.round, j.place
            limit 1
        ) first
    )
    union all
    select heads.lane, next.empresa_id, next.since, heads.step + 1
    from heads
    cross join lateral (
        select j.empresa_id, greatest(j.requested_at, j.run_at) as since
        from retrato.jobs j
        where j.state = 'queued' and not j.delayed and j.lane = heads.lane and j.empresa_id > heads.empresa_id
        order by j.empresa_id, j.round, j.place
        limit 1
    ) next
    where heads.step < $2::integer
),
overdue as (
    select j.lane, j.empresa_id, j.run_at as since
    from retrato.jobs j
    where j.state = 'queued' and j.delayed and j.run_at <= clock_timestamp()
    order by j.run_at
    limit 1
),
waiting as materialized (
    select w.lane, w.since
    from (
        select heads.lane, heads.empresa_id, heads.since from heads
        union all
        select overdue.lane, overdue.empresa_id, overdue.since from overdue
    ) w
    where not exists (select from retrato.pauses p where p.scope = 'empresa' and p.name = w.empresa_id)
)
select
    (
        select count(*)
        from (select from retrato.jobs where state = 'queued' and not delayed limit $1::bigint) counted
    ) as queued,
    (
        select count(*)
        from (
            select from retrato.jobs where state = 'queued' and delayed and run_at < 'infinity' limit $1::bigint
        ) counted
    ) as delayed,
    (
        select count(*)
        from (
            select from retrato.jobs where state = 'queued' and delayed and run_at = 'infinity' limit $1::bigint
        ) counted
    ) as parked,
    (select count(*) from (select from retrato.jobs where state = 'running' limit $1::bigint) counted) as running,
    (select count(*) from (select from retrato.jobs where state = 'failed' limit $1::bigint) counted) as failed,
    (select extract(epoch from min(since))::float8 from waiting where lane = 0) as oldest_urgent_s,
    (select extract(epoch from min(since))::float8 from waiting where lane = 1) as oldest_bulk_s,
    (
        select count(*)
        from retrato.replicas
        where last_seen > clock_timestamp() - make_interval(secs => $3::float8)
    ) as replicas,
    exists (select from retrato.pauses where scope = 'all') as paused,
    (select count(*) from retrato.pauses where scope = 'empresa') as paused_companies,
    pg_notification_queue_usage() as notification_queue_usage,
    pg_stat_get_dead_tuples('retrato.jobs'::regclass) as dead_tuples,
    greatest(
        (select max(age(backend_xmin)) from pg_catalog.pg_stat_activity),
        (select max(age(xmin)) from pg_catalog.pg_replication_slots),
        (select max(age(transaction)) from pg_catalog.pg_prepared_xacts),
        0
    ) as oldest_xmin_age,
    (
        select jsonb_build_object('spent_usd', b.spent_usd, 'reserved_usd', b.reserved_usd)
        from retrato.budget b
        where b.month = date_trunc('month', now() at time zone 'UTC')::date
    ) as budget
