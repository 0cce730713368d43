-- What a replica must know before it sleeps: whether a transaction is under way that may have queued jobs without
-- ringing (it holds the bell's lock, see retrato.enqueue), and in how many seconds the first waiting job is due.
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
    (
        select greatest(0, extract(epoch from run_at - clock_timestamp()))::float8
        from retrato.jobs
        where state = 'queued' and delayed
        order by run_at
        limit 1
    ) as due_in_s
