-- What was remembered for rows that are no more: where no trigger saw them go (triggers were disabled or detached, a
-- partition was dropped, a dump was restored), and where another persona has come with a key that was used before.
--
-- Such a one is known by its row: it shows no picture of ours, and it was created after what is remembered. Rows whose
-- table does not tell when they were created are known by their keys alone. The clock of the application may be ahead
-- of the database's: a job is forgotten only where it was asked for a minute before, and so is a picture where no
-- column could show it, an hour.
--
-- Looks at the next *most* personas that are remembered, in order behind *behind*. Returns the last of them, null at
-- the end, and how many were forgotten. Where row level security may hide rows from the owner nothing is forgotten.
create or replace function retrato.forget_gone(behind text, most integer)
returns table (last_persona_id text, forgotten integer)
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
    remembered text[];
    gone text[];
    since timestamptz[];
begin
    if pg_catalog.row_security_active({personas_literal}::pg_catalog.regclass) then
        return query select null::text, 0;
        return;
    end if;

    remembered := array(
        select u.persona_id
        from (
            (select j.persona_id from retrato.jobs j where j.persona_id > behind order by 1 limit most)
            union
            (select distinct a.persona_id from retrato.avatars a where a.persona_id > behind order by 1 limit most)
            union
            (select l.persona_id from retrato.looks l where l.persona_id > behind order by 1 limit most)
        ) u
        order by u.persona_id
        limit most
    );

    begin
        select array_agg(r.persona_id), array_agg({created_of_p})
        into gone, since
        from unnest(remembered) r(persona_id)
        left join {personas} p on p.{personas_id} {is_id} r.persona_id::{id_type}
        where p.{personas_id} is null or ({created_of_p} <= now() and not {shows_ours_p});
    exception
        when data_exception then
            -- Keys of a former type are none of this one.
            select array_agg(r.persona_id), array_agg({created_of_p})
            into gone, since
            from unnest(remembered) r(persona_id)
            left join {personas} p on p.{personas_id}::text = r.persona_id
            where p.{personas_id} is null or ({created_of_p} <= now() and not {shows_ours_p});
    end;

    return query
    with departed as materialized (
        select g.persona_id, coalesce(g.since, 'infinity') as since
        from unnest(gone, since) g(persona_id, since)
    ),
    jobs as (
        delete from retrato.jobs j
        using departed d
        where j.persona_id = d.persona_id and j.requested_at < d.since - interval '1 minute'
        returning j.persona_id
    ),
    versions as (
        delete from retrato.avatars a
        using departed d
        where a.persona_id = d.persona_id and a.created_at < d.since - interval {version_margin}
        returning a.persona_id
    ),
    looks as (
        delete from retrato.looks l
        using departed d
        where l.persona_id = d.persona_id and l.drawn_at < d.since - interval {version_margin}
        returning l.persona_id
    )
    select
        case when cardinality(remembered) = most then remembered[most] end,
        (
            select count(*)::integer
            from (
                select persona_id from jobs
                union
                select persona_id from versions
                union
                select persona_id from looks
            ) forgotten
        );
end;
$$;

-- For the sweep, which reads the application's rows by itself: it knows their shape before `retrato migrate` does.
create or replace function retrato.enqueue_found(persona_ids text[], empresa_ids text[], force boolean)
returns integer
language sql
security definer
set search_path = ''
as $$
    select retrato.enqueue(enqueue_found.persona_ids, enqueue_found.empresa_ids, 1::smallint, enqueue_found.force)
$$;
