-- An application that writes its whole team anew puts the address of a placeholder service where the picture was. The
-- newest version is put back, in the same transaction: it was paid for.
create or replace function retrato.on_personas_cover()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    update {personas} p
    set {pictures_kept}
    from retrato.avatars a
    where
        p.{personas_id} = new.{personas_id}
        and a.persona_id = new.{personas_id}::text
        and a.version = (select max(v.version) from retrato.avatars v where v.persona_id = a.persona_id);
    return null;
end;
$$;

create or replace trigger retrato_on_cover
after update on {personas}
for each row
when ({picture_covered})
execute function retrato.on_personas_cover();
