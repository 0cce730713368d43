-- Only a few changes matter: the flag is raised (Forçar), the persona becomes ready (a placeholder gets its name), or,
-- where that is wanted, what is drawn has changed (RETRATO_REGENERATE_ON_CHANGE). Everything else ends at the first
-- condition, written with built-in operators alone: ordinary updates pay little, upserts that change nothing change
-- nothing. Our own write-back lowers the flag, which is none of these. See 20_on_insert.sql for what is caught.
create or replace function retrato.on_personas_update()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    asked_persona_id text;
    asked_empresa_id text;
    is_drawn boolean;
    wants_new_face boolean;
begin
    if
        not {on_personas}
        or not (
            ({flag_of_new} and not {flag_of_old})
            or ({named_of_new} and not {named_of_old})
            or {inputs_changed}
        )
    then
        return null;
    end if;

    asked_persona_id := case when {on_personas} then new.{personas_id}::text end;
    asked_empresa_id := case when {on_personas} then {empresa_of_new} end;

    if {on_personas} and not {ready_of_new} then
        -- The flag stays up; the persona is queued when it becomes ready. A picture that is being drawn is no answer
        -- to a flag that was raised meanwhile.
        if {on_personas} and {flag_of_new} and not {flag_of_old} then
            update retrato.jobs j
            set generation = j.generation + 1, new_face = true, takeovers = 0
            where j.persona_id = asked_persona_id and j.state = 'running';
        end if;
        return null;
    end if;

    if {on_personas} and {flag_of_new} then
        perform retrato.enqueue(
            array[asked_persona_id], array[asked_empresa_id], retrato.lane_of(asked_empresa_id), true
        );
        return null;
    end if;

    -- The lock tells a worker that is about to drop the job, because the persona was not ready, to look again
    -- (drop_job.sql).
    select j.new_face into wants_new_face from retrato.jobs j where j.persona_id = asked_persona_id for share;
    is_drawn := found or exists (select from retrato.avatars a where a.persona_id = asked_persona_id);

    if {on_personas} and is_drawn and {inputs_changed} then
        perform retrato.enqueue(array[asked_persona_id], array[asked_empresa_id], 1::smallint, true);
        update retrato.jobs j
        set new_face = coalesce(wants_new_face, false)
        where j.persona_id = asked_persona_id;
    elsif {on_personas} and not is_drawn and {missing_of_new} then
        perform retrato.enqueue(array[asked_persona_id], array[asked_empresa_id], 1::smallint, false);
    end if;
    return null;
exception
    when others then
        {leave_to_sweep}
        return null;
end;
$$;

create or replace trigger retrato_on_update
after update on {personas}
for each row execute function retrato.on_personas_update();
