-- A role that may read the view retrato.backlog and nothing else, for an autoscaler. Print it with
--
--     retrato migrate --backlog-role retrato_backlog
--
-- and run what comes out as the owner of schema retrato. Then give the role a password:
--
--     alter role retrato_backlog password '…';

begin;

do $do$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = {role_name}) then
        create role {role} login;
    end if;
    execute format('grant connect on database %I to {role}', current_database());
end;
$do$;

grant usage on schema retrato to {role};
grant select on retrato.backlog to {role};

commit;
