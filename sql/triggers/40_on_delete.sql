-- A persona that goes takes its job, its look and its versions along; the attempts stay, they were paid for.
create or replace function retrato.on_personas_delete()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if not {on_personas} then
        return null;
    end if;

    delete from retrato.jobs j
    using departures p
    where j.persona_id = p.{personas_id}::text;

    delete from retrato.avatars a
    using departures p
    where a.persona_id = p.{personas_id}::text;

    delete from retrato.looks l
    using departures p
    where l.persona_id = p.{personas_id}::text;

    return null;
exception
    when others then
        {leave_to_sweep}
        return null;
end;
$$;

create or replace trigger retrato_on_delete
after delete on {personas}
referencing old table as departures
for each statement execute function retrato.on_personas_delete();

create or replace function retrato.on_personas_truncate()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if not {on_personas} then
        return null;
    end if;

    delete from retrato.jobs;
    delete from retrato.avatars;
    delete from retrato.looks;
    return null;
exception
    when others then
        {leave_to_sweep}
        return null;
end;
$$;

create or replace trigger retrato_on_truncate
after truncate on {personas}
for each statement execute function retrato.on_personas_truncate();
