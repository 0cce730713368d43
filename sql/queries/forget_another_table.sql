-- The table of personas is another one than before: of what is remembered only that is kept which its rows show.
with shown as materialized (
    select p.{personas_id}::text as persona_id
    from {personas} p
    where {shows_ours_p}
),
jobs as (
    delete from retrato.jobs j
    where not exists (select from shown s where s.persona_id = j.persona_id)
),
versions as (
    delete from retrato.avatars a
    where not exists (select from shown s where s.persona_id = a.persona_id)
)
delete from retrato.looks l
where not exists (select from shown s where s.persona_id = l.persona_id)
