-- New personas are queued in the application's own transaction; one statement rings at most one bell. A flag that is
-- up from the beginning counts like one that is raised: touching it later would do nothing.
create or replace function retrato.on_personas_insert()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    persona_ids text[];
    empresa_ids text[];
begin
    select array_agg(p.{personas_id}::text), array_agg({empresa_of_p})
    into persona_ids, empresa_ids
    from arrivals p
    where {ready_of_p} and ({missing_of_p} or {flag_of_p});

    perform retrato.enqueue(persona_ids, empresa_ids, 1::smallint, false);
    return null;
end;
$$;

create or replace trigger retrato_on_insert
after insert on {personas}
referencing new table as arrivals
for each statement execute function retrato.on_personas_insert();
