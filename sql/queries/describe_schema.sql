-- Everything that Retrato has in a database, one definition a row, in an order that does not depend on the history.
-- Not-null constraints are told with the columns: PostgreSQL 18 lists them as constraints too, older ones do not.
with ours as (
    select c.oid, c.relname, c.relkind, c.reloptions
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'retrato'
),
described (kind, name, definition) as (
    select
        'table',
        t.relname,
        string_agg(
            format(
                '    %s %s%s%s%s',
                a.attname,
                format_type(a.atttypid, a.atttypmod),
                case when a.attcollation <> type.typcollation then ' collate ' || quote_ident(l.collname) else '' end,
                case when a.attnotnull then ' not null' else '' end,
                case
                    when d.adbin is null then ''
                    when a.attgenerated = 's' then
                        format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
                    else format(' default %s', pg_get_expr(d.adbin, d.adrelid))
                end
            ),
            E',\n' order by a.attnum
        ) || coalesce(E'\n    with (' || array_to_string(t.reloptions, ', ') || ')', '')
    from ours t
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type as type on type.oid = a.atttypid
    left join pg_catalog.pg_collation l on l.oid = a.attcollation
    left join pg_catalog.pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    where t.relkind = 'r'
    group by t.relname, t.reloptions
    union all
    select 'constraint', format('%s.%s', t.relname, c.conname), pg_get_constraintdef(c.oid)
    from ours t
    join pg_catalog.pg_constraint c on c.conrelid = t.oid
    where c.contype <> 'n'
    union all
    select 'index', i.indexname::text, i.indexdef
    from pg_catalog.pg_indexes i
    where i.schemaname = 'retrato'
    union all
    select 'sequence', t.relname, 'sequence'
    from ours t
    where t.relkind = 'S'
    union all
    select 'view', t.relname, pg_get_viewdef(t.oid)
    from ours t
    where t.relkind = 'v'
    union all
    select
        'function',
        p.oid::regprocedure::text,
        pg_get_functiondef(p.oid)
        || case when has_function_privilege('public', p.oid, 'execute') then E'\n-- executable by public' else '' end
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'retrato'
    union all
    select 'trigger', g.tgname::text, pg_get_triggerdef(g.oid)
    from pg_catalog.pg_trigger g
    join pg_catalog.pg_proc p on p.oid = g.tgfoid
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'retrato' and not g.tgisinternal
)
select kind, name, definition
from described
order by kind collate "C", name collate "C"
