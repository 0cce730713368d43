-- Queue personas that the sweep has found, as their rows are now: bulk work, for nobody waits for it.
-- $1 persona ids text[]   $2 with a raised flag: Forçar
with held as materialized (
    -- The host's rows first, in id order, as everybody does.
    select
        p.{personas_id}::text as persona_id,
        {empresa_of_p} as empresa_id,
        {ready_of_p} and ({missing_of_p} or $2::boolean) as wanted
    from {personas} p
    where p.{personas_id} {is_id} any($1::text[]::{id_type}[])
    order by p.{personas_id}
    for no key update of p
)
select coalesce(retrato.enqueue_found(array_agg(persona_id), array_agg(empresa_id), $2::boolean), 0) as enqueued
from held
where wanted
