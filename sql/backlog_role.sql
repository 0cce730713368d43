-- A role that may read the view retrato.backlog and nothing else, for an autoscaler. Print it with
--
--     retrato migrate --backlog-role retrato_backlog
--
-- and run what comes out as the owner of schema retrato (psql -v ON_ERROR_STOP=1). Then give the role a password:
--
--     alter role retrato_backlog password '…';
--
-- An owner without CREATEROLE asks somebody who has it for the role with its password, before this.

begin;

do $do$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = {role_name}) then
        if not (select rolsuper or rolcreaterole from pg_catalog.pg_roles where rolname = current_user) then
            raise exception 'there is no role {role}, and % may not create one', current_user
            using hint = 'let somebody with CREATEROLE say: create role {role} login password ''...''; then run this again';
        end if;
        create role {role} login;
    end if;
    -- Everybody may, unless that was revoked; then the owner of the database has to say so.
    if not pg_catalog.has_database_privilege({role_name}, current_database(), 'connect') then
        execute format('grant connect on database %I to {role}', current_database());
    end if;
end;
$do$;

grant usage on schema retrato to {role};
grant select on retrato.backlog to {role};

commit;
