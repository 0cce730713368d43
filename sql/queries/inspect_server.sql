-- The server and this session, as far as a daemon minds.
--
-- connections_left: until ordinary roles, this role and this database are refused; the least of the three.
select
    current_setting('server_version') as version,
    current_setting('server_version_num')::integer / 10000 as major,
    current_database()::text as database,
    current_user::text as role,
    pg_is_in_recovery() as is_standby,
    current_setting('default_transaction_isolation') as isolation,
    current_setting('default_transaction_read_only')::boolean as is_read_only,
    extract(epoch from clock_timestamp())::float8 as now_s,
    least(
        current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - (select sum(s.numbackends) from pg_catalog.pg_stat_database s),
        (
            select nullif(d.datconnlimit, -1) - s.numbackends
            from pg_catalog.pg_database d
            join pg_catalog.pg_stat_database s on s.datid = d.oid
            where d.datname = current_database()
        ),
        (
            select nullif(r.rolconnlimit, -1) - (
                select count(*) from pg_catalog.pg_stat_activity a where a.usename = r.rolname
            )
            from pg_catalog.pg_roles r
            where r.rolname = current_user
        )
    )::integer as connections_left
