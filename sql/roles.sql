-- A role with exactly what the daemon needs. With your tables and columns it is printed by
--
--     retrato migrate --roles retrato_daemon
--
-- Run what comes out as the owner of the tables, in psql (-v ON_ERROR_STOP=1) or in Supabase's SQL editor; again after
-- each `retrato migrate` that brought a new release or another mapping. Then give the role a password:
--
--     alter role retrato_daemon password '…';
--
-- An owner without CREATEROLE asks somebody who has it for the role with its password, before this.
--
-- Migrating and uninstalling are not among its rights: those need the owner. Nothing is taken away here; after a
-- mapping that names fewer columns, `drop owned by retrato_daemon` first.

begin;

-- A policy waits for the table, and everybody waits behind it: rather try again.
set local lock_timeout = '2s';

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

-- Our own tables: nothing that only migrations or triggers write.
grant usage on schema retrato to {role};
grant select on all tables in schema retrato to {role};
grant update, delete on retrato.jobs to {role};
grant insert on retrato.avatars to {role};
grant insert, update, delete on retrato.attempts to {role};
grant insert, update on retrato.looks to {role};
grant insert, update on retrato.legs to {role};
grant insert, update on retrato.budget to {role};
grant insert, update, delete on retrato.replicas to {role};
grant update on retrato.pace to {role};
grant update on retrato.pauses to {role};
grant update on retrato.chores to {role};
grant insert, update, delete on retrato.garbage to {role};
grant insert, delete on retrato.console_logouts to {role};
grant insert, update on retrato.public_urls to {role};
grant usage on sequence retrato.tokens to {role};
grant usage on sequence retrato.places to {role};
grant select on sequence retrato.tokens to {role};
grant select, update on sequence retrato.round_urgent to {role};
grant select, update on sequence retrato.round_bulk to {role};

-- With the caller's rights: what they write is limited by the columns below.
grant execute on function retrato.claim_jobs_from to {role};
grant execute on function retrato.look_before_sleep_from to {role};
grant execute on function retrato.heartbeat_from to {role};
grant execute on function retrato.take_over_jobs_from to {role};
grant execute on function retrato.round_reached to {role};
grant execute on function retrato.next_round to {role};
grant execute on function retrato.free_round to {role};
grant execute on function retrato.reach to {role};
grant execute on function retrato.give_rounds to {role};
-- The same for replicas of the release before.
grant execute on function retrato.claim_jobs to {role};
grant execute on function retrato.look_before_sleep to {role};
grant execute on function retrato.heartbeat to {role};
grant execute on function retrato.take_over_jobs to {role};
grant execute on function retrato.write_back to {role};
grant execute on function retrato.restore to {role};
-- With the owner's: the queue's only entrance, and what operators say.
grant execute on function retrato.request to {role};
grant execute on function retrato.request_company to {role};
grant execute on function retrato.request_in_lane to {role};
grant execute on function retrato.enqueue_found to {role};
grant execute on function retrato.forget_gone to {role};
grant execute on function retrato.pause to {role};
grant execute on function retrato.resume to {role};
grant execute on function retrato.cancel to {role};
grant execute on function retrato.cancel_company to {role};

-- Your tables: read, and only the columns written into which an avatar goes.
{host_grants}

do $do$
declare
    found record;
begin
    for found in
        select n.nspname
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = any({host_tables}::regclass[])
    loop
        -- Where everybody may, as in public, its owner need not be asked.
        if not pg_catalog.has_schema_privilege({role_name}, found.nspname, 'usage') then
            execute format('grant usage on schema %I to {role}', found.nspname);
        end if;
    end loop;

    -- Keys that are numbered by a sequence.
    for found in
        select distinct d.refobjid::regclass as sequence
        from pg_catalog.pg_attrdef a
        join pg_catalog.pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid
        join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
        where a.adrelid = any({inserted_tables}::regclass[])
    loop
        execute format('grant usage on sequence %s to {role}', found.sequence);
    end loop;

    -- Where row level security is on: all rows, for this role alone. What it may do with them is said above.
    for found in
        select c.oid::regclass as guarded
        from pg_catalog.pg_class c
        where
            c.oid = any({host_tables}::regclass[])
            and c.relrowsecurity
            and not exists (
                select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = {role_name}
            )
    loop
        execute format('create policy {role} on %s to {role} using (true) with check (true)', found.guarded);
    end loop;
end;
$do$;

commit;
