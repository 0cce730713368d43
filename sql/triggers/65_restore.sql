-- Bring an old version back: it is copied as the newest one and written into the host's tables, as the write-back
-- does it. Its pictures are still there, so this costs nothing. A job that waits or runs is left alone, and so is a
-- raised flag: what was asked for comes after this.
--
-- Returns the new version's number, null where there is no such persona or version.
--
-- The rights are the caller's own, and the names of types come from the host, so the search_path is the connection's;
-- see write_back.
create or replace function retrato.restore(persona_id text, version integer)
returns integer
language plpgsql
set lock_timeout = '500ms'
as $$
#variable_conflict use_column
declare
    present_empresa_id text;
    new_version integer;
begin
    -- The persona first, as everybody does; nobody writes a version of it meanwhile.
    select {empresa_of_p}
    into present_empresa_id
    from {personas} p
    where p.{personas_id} {is_id} restore.persona_id::{id_type}
    for no key update;

    -- What puts a picture back (store/host_keeps.py) is not called by us.
    perform set_config('retrato.writes', 'true', true);
    with old as materialized (
        select a.*
        from retrato.avatars a
        where a.persona_id = restore.persona_id and a.version = restore.version and present_empresa_id is not null
    ),
    copied as (
        insert into retrato.avatars (
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s, restored_from
        )
        select
            persona_id,
            (select 1 + max(a.version) from retrato.avatars a where a.persona_id = old.persona_id),
            present_empresa_id,
            nextval('retrato.tokens'),
            generation, image_key, thumbnail_key, {image_url_of_old}, {thumbnail_url_of_old}, sha256, image_bytes,
            width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            0,
            0,
            took_s,
            version
        from old
        returning *
    ),
    mine as materialized (
        -- What the write-back's part of this name has; the picture is as old and cost what it did when it was drawn.
        select
            copied.*,
            {service_of_copied} as service,
            true as asked_again,
            jsonb_build_object('flux_generation', {entry_of_copied}) as metadados
        from copied
        cross join old
    ){host_writes}
    select mine.version
    into new_version
    from mine;
    perform set_config('retrato.writes', '', true);

    return new_version;
end;
$$;
