-- Personas by company and state, found by the host's own index on the company. The states are those of the view
-- retrato.persona_status; what costs a look for each persona is looked at only where nothing else decides.
-- $1 companies text[]   $2 pattern of name or role, empty = any   $3 or this key
select
    listed.empresa_id,
    listed.state,
    count(*) as personas,
    count(*) filter (where listed.ready) as drawable
from (
    select
        {empresa_of_p} as empresa_id,
        {state_of_p} as state,
        {ready_of_p} as ready
    from {personas} p
    left join retrato.jobs j on j.persona_id = p.{personas_id}::text
    left join (
        select distinct v.persona_id
        from retrato.avatars v
        where v.empresa_id = any($1::text[])
    ) drawn on drawn.persona_id = p.{personas_id}::text
    where {company_among_p} and {told_of_p}
) listed
group by listed.empresa_id, listed.state
