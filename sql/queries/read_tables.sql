-- What is called by one of these names where the search_path finds it, and its columns in order. Types from outside
-- pg_catalog bear their schema. Our own schema is none of the host's.
-- $1 names text[], qualified or not, quoted where they must be
select
    wanted.name as asked,
    n.nspname as schema_name,
    c.relname as table_name,
    case c.relkind
        when 'r' then 'table'
        when 'p' then 'partitioned table'
        when 'v' then 'view'
        when 'm' then 'materialized view'
        when 'f' then 'foreign table'
        else 'relation of another kind'
    end as kind,
    array(
        select format('%s', i.inhrelid::regclass)
        from pg_catalog.pg_inherits i
        where i.inhparent = c.oid and c.relkind = 'r'
        order by 1
    ) as heirs,
    array_agg(a.attname::text order by a.attnum) as names,
    array_agg(
        case
            -- without the quotes of quote_all_identifiers
            when item_n.nspname = 'pg_catalog' and item.typname <> 'char'
                then replace(format_type(a.atttypid, a.atttypmod), '"', '')
            when item_n.nspname = 'pg_catalog' or not pg_type_is_visible(item.oid)
                then format_type(a.atttypid, a.atttypmod)
            else format('%I.%s', item_n.nspname, format_type(a.atttypid, a.atttypmod))
        end
        order by a.attnum
    ) as types,
    array_agg(t.typcategory = 'S' order by a.attnum) as are_text,
    -- of a domain its own limit
    array_agg(
        case
            when coalesce(nullif(t.typbasetype, 0), t.oid) in ('varchar'::regtype, 'bpchar'::regtype)
                then nullif(greatest(a.atttypmod, t.typtypmod), -1) - 4
        end
        order by a.attnum
    ) as hold,
    array_agg(
        a.attnotnull and not a.atthasdef and a.attidentity = '' and t.typdefault is null order by a.attnum
    ) as must_be_told,
    array_agg(
        case
            when a.attcollation not in (0, t.typcollation, 'pg_catalog."C"'::regcollation)
                then a.attcollation::regcollation::text
        end
        order by a.attnum
    ) as collations,
    array_agg(a.attgenerated <> '' or a.attidentity = 'a' order by a.attnum) as are_computed
from unnest($1::text[]) as wanted(name)
join pg_catalog.pg_class c on c.oid = to_regclass(wanted.name) and c.relkind in ('r', 'p', 'v', 'm', 'f')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname <> 'retrato'
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_type item on item.oid = case when t.typcategory = 'A' then nullif(t.typelem, 0) else t.oid end
join pg_catalog.pg_namespace item_n on item_n.oid = item.typnamespace
group by wanted.name, n.nspname, c.oid, c.relname, c.relkind
order by wanted.name
