-- What a replica must know before it sleeps.
--
-- A transaction that queues jobs stays silent while it sees a claimable one (retrato.enqueue): somebody was woken for
-- that one and will look. So nobody may sleep while there is a claimable job, though others hold its row, nor while a
-- transaction is under way that may have stayed silent: it holds the bell's lock. Asked before the last claim, not
-- after it. Who then finds nothing may sleep: every later silence comes behind a later bell.
--
-- While all is paused nothing is claimable; retrato.resume rings.
--
-- due_in_s: seconds until the first waiting job is due, null without one.
with going_on as materialized (
    select not exists (select from retrato.pauses where scope = 'all') as yes
)
select
    exists (
        select
        from pg_catalog.pg_locks l
        where
            l.locktype = 'advisory'
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
            and l.classid = ({bell_key}::bigint >> 32)::integer::oid
            and l.objid = ({bell_key}::bigint & 4294967295)::bigint::oid
            and l.objsubid = 1
    ) as enqueuing,
    (select yes from going_on)
    and (
        exists (select from retrato.jobs where state = 'queued' and not delayed)
        or exists (
            select from retrato.jobs where state = 'queued' and delayed and run_at <= clock_timestamp()
        )
    ) as claimable,
    (
        select greatest(0, extract(epoch from run_at - clock_timestamp()))::float8
        from retrato.jobs
        where state = 'queued' and delayed and run_at < 'infinity' and (select yes from going_on)
        order by run_at
        limit 1
    ) as due_in_s
