-- One page of a company's personas by name, each with its state and its newest version.
-- $1 companies text[], here one   $2 pattern of name or role, empty = any   $3 or this key   $4 states text[], null = all
-- $5, $6 name and key where the page begins or ends, null = the first page   $7 limit
with listed as materialized (
    select
        p.{personas_id} as id,
        coalesce({name_of_p}, '') as name
    from {personas} p
    left join retrato.jobs j on j.persona_id = p.{personas_id}::text
    left join (
        select distinct v.persona_id
        from retrato.avatars v
        where v.empresa_id = any($1::text[])
    ) drawn on drawn.persona_id = p.{personas_id}::text
    where {company_among_p} and {told_of_p} and {state_among_p}
),
page as (
    select listed.id, listed.name
    from listed
    where
        $5::text is null or (listed.name, listed.id::text) {behind} ($5::text, $6::text)
    order by listed.name {direction}, listed.id::text {direction}
    limit $7::integer
)
select {card_columns}
from page
join {personas} p on p.{personas_id} {is_id} page.id
left join retrato.jobs j on j.persona_id = p.{personas_id}::text
left join lateral (
    select v.*
    from retrato.avatars v
    where v.persona_id = p.{personas_id}::text
    order by v.version desc
    limit 1
) a on true
cross join lateral (select a.persona_id) drawn
order by page.name, page.id::text
