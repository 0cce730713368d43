-- What schema retrato consists of, for the one who takes it away, by kind: views, functions, tables, sequences.
-- Tables that inherit, and sequences that belong to a column, go with what they belong to.
select
    found.kind,
    string_agg(found.name, ', ' order by found.name) as names
from (
    select
        case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end as kind,
        format('retrato.%I', c.relname) as name
    from pg_catalog.pg_class c
    where
        c.relnamespace = to_regnamespace('retrato')
        and c.relkind in ('v', 'S', 'r', 'p')
        and not exists (
            select
            from pg_catalog.pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S'
        )
    union all
    select 'routine', format('retrato.%I(%s)', f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid))
    from pg_catalog.pg_proc f
    where f.pronamespace = to_regnamespace('retrato')
) found
group by found.kind
order by array_position(array['view', 'routine', 'table', 'sequence'], found.kind)
