-- Otherwise any role that sees the schema could start paid work.
revoke execute on all functions in schema retrato from public;

-- Roles that were made for the release before go on working until roles.sql is run again: what is new since then.
do $do$
declare
    daemon name;
begin
    for daemon in
        select distinct r.rolname
        from pg_catalog.pg_proc p
        cross join lateral pg_catalog.aclexplode(p.proacl) granted
        join pg_catalog.pg_roles r on r.oid = granted.grantee
        where p.oid = 'retrato.claim_jobs'::pg_catalog.regproc and granted.grantee <> p.proowner
    loop
        execute format(
            'grant execute on function retrato.claim_jobs_from, retrato.look_before_sleep_from, '
            'retrato.heartbeat_from, retrato.take_over_jobs_from, retrato.round_reached, retrato.next_round, '
            'retrato.free_round, retrato.reach, retrato.request_in_lane, retrato.enqueue_found, retrato.forget_gone to %I',
            daemon
        );
        execute format('grant select, insert, update, delete on retrato.garbage to %I', daemon);
        execute format('grant select, insert, delete on retrato.console_logouts to %I', daemon);
        execute format('grant select, insert, update on retrato.public_urls to %I', daemon);
        execute format('grant select on retrato.addresses to %I', daemon);
        execute format('grant select on retrato.leg_suspensions to %I', daemon);
        execute format(
            'grant select, update on sequence retrato.round_urgent, retrato.round_bulk to %I', daemon
        );
        execute format('grant select on sequence retrato.tokens to %I', daemon);
    end loop;
end;
$do$;
