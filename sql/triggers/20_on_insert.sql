-- New personas are queued in the application's own transaction; one statement rings at most one bell. A flag that is
-- up from the beginning counts like one that is raised: touching it later would do nothing.
--
-- No statement of the application fails because of what stands here, whatever it has done to its columns or somebody
-- to ours: each trigger gives up with a warning, and the sweep finds the rows (docs/decisions/0016). So none has a
-- WHEN or a list of columns either: those would keep the application from dropping or retyping what they name.
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
    if {on_personas} then
        select array_agg(p.{personas_id}::text), array_agg({empresa_of_p})
        into persona_ids, empresa_ids
        from arrivals p
        where {ready_of_p} and ({missing_of_p} or {flag_of_p});

        perform retrato.enqueue(persona_ids, empresa_ids, 1::smallint, false);
    end if;
    return null;
exception
    when others then
        {leave_to_sweep}
        return null;
end;
$$;

create or replace trigger retrato_on_insert
after insert on {personas}
referencing new table as arrivals
for each statement execute function retrato.on_personas_insert();
