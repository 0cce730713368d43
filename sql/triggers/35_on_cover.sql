-- An application that writes its whole team anew puts the address of a placeholder service where the picture was, and
-- one that saves an old copy of the row takes the picture away with it. The newest version is put back in the same
-- statement: it was paid for. See store/host_keeps.py.
create or replace function retrato.on_personas_cover()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    images text[];
    thumbnails text[];
begin
    if not {on_personas} or not {picture_covered} then
        return new;
    end if;

    select
        array_agg(a.image_url order by a.version, a.used_at), array_agg(a.thumbnail_url order by a.version, a.used_at)
    into images, thumbnails
    from retrato.addresses a
    where a.persona_id = new.{personas_id}::text;

    if {on_personas} and images is not null and ({picture_gone}) then
        {picture_kept}
    end if;
    return new;
exception
    when others then
        {leave_to_sweep}
        return new;
end;
$$;

create or replace trigger retrato_on_cover
before update on {personas}
for each row
when ({by_others})
execute function retrato.on_personas_cover();
