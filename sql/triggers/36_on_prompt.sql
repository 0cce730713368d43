-- The application writes its ready prompt into the table of avatars: a persona without avatar and job is queued then.
-- Only where there is a column for it.
create or replace function retrato.on_prompt()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    ready_persona_id text;
    ready_empresa_id text;
begin
    if not {on_avatares} or not {prompted_of_new} then
        return null;
    end if;
    if tg_op = 'UPDATE' then
        if {on_avatares} and {prompted_of_old} then
            return null;
        end if;
    end if;

    select p.{personas_id}::text, {empresa_of_p}
    into ready_persona_id, ready_empresa_id
    from {personas} p
    where
        p.{personas_id} {is_id} {persona_of_new}::text::{id_type}
        and {ready_of_p}
        and {missing_of_p}
        and not exists (select from retrato.avatars a where a.persona_id = p.{personas_id}::text);
    if not found then
        return null;
    end if;

    -- The lock tells a worker that is about to drop the job to look again (drop_job.sql).
    perform from retrato.jobs j where j.persona_id = ready_persona_id for share;
    if not found then
        perform retrato.enqueue(array[ready_persona_id], array[ready_empresa_id], 1::smallint, false);
    end if;
    return null;
exception
    when others then
        {leave_to_sweep}
        return null;
end;
$$;

create or replace trigger retrato_on_prompt_insert
after insert on {avatares}
for each row execute function retrato.on_prompt();

create or replace trigger retrato_on_prompt_update
after update on {avatares}
for each row execute function retrato.on_prompt();

-- A row that is written anew, as by a script that throws its prompts away first, gets the picture that is there; and
-- as in 35_on_cover.sql, nobody takes it away with a placeholder or an old copy of the row.
create or replace function retrato.on_avatar_cover()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    images text[];
    thumbnails text[];
begin
    if not {on_avatares} then
        return new;
    end if;
    if tg_op = 'UPDATE' then
        if not {avatar_covered} then
            return new;
        end if;
    end if;

    select
        array_agg(a.image_url order by a.version, a.used_at), array_agg(a.thumbnail_url order by a.version, a.used_at)
    into images, thumbnails
    from retrato.addresses a
    where a.persona_id = {persona_of_new}::text;

    if {on_avatares} and images is not null and ({avatar_gone}) then
        {avatar_kept}
    end if;
    return new;
exception
    when others then
        {leave_to_sweep}
        return new;
end;
$$;

create or replace trigger retrato_on_prompt_before_insert
before insert on {avatares}
for each row
when ({by_others})
execute function retrato.on_avatar_cover();

create or replace trigger retrato_on_prompt_before_update
before update on {avatares}
for each row
when ({by_others})
execute function retrato.on_avatar_cover();
