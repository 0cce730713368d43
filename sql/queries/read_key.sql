-- One column as a key. The type is the one below a domain, without a length.
-- $1 table, qualified and quoted   $2 column
with recursive below as (
    select a.atttypid as type
    from pg_catalog.pg_attribute a
    where a.attrelid = $1::text::regclass and a.attname = $2::text
    union all
    select t.typbasetype
    from below
    join pg_catalog.pg_type t on t.oid = below.type and t.typtype = 'd'
),
base as (
    select t.oid, t.typname, t.typtype, t.typcategory, n.nspname
    from below
    join pg_catalog.pg_type t on t.oid = below.type and t.typtype <> 'd'
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
),
operators as (
    select o.amopstrategy as strategy, format('operator(%I.%s)', n.nspname, p.oprname) as name
    from base
    join pg_catalog.pg_opclass c on c.opcintype = base.oid and c.opcdefault
    join pg_catalog.pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
    join pg_catalog.pg_amop o
        on o.amopfamily = c.opcfamily and o.amoplefttype = base.oid and o.amoprighttype = base.oid
    join pg_catalog.pg_operator p on p.oid = o.amopopr
    join pg_catalog.pg_namespace n on n.oid = p.oprnamespace and n.nspname <> 'pg_catalog'
),
indexes as (
    select
        i.indisprimary as is_primary,
        c.relname,
        i.indisvalid as is_valid,
        i.indimmediate as is_immediate,
        i.indpred is null as is_whole,
        array(
            select k.attnum
            from unnest(i.indkey::smallint[]) with ordinality as k(attnum, nth)
            where k.nth <= i.indnkeyatts
            order by k.nth
        ) as columns,
        array(
            select pg_get_indexdef(i.indexrelid, nth, true) from generate_series(1, i.indnkeyatts) nth order by nth
        ) as names,
        a.attnum
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attname = $2::text
    where i.indrelid = $1::text::regclass and i.indisunique
),
judged as (
    select
        indexes.relname,
        indexes.is_primary,
        case
            when not is_valid then 'is not valid'
            when not is_immediate then 'is deferrable'
            when not is_whole then 'is partial'
            when columns <> array[attnum] then format('is on (%s)', array_to_string(names, ', '))
        end as reason,
        -- Postgres lets nobody have a narrower one there.
        coalesce(
            is_valid and is_immediate and is_whole and attnum = any(columns) and base.typname = 'uuid' and (
                select columns <@ (p.partattrs::smallint[] || attnum)
                from pg_catalog.pg_partitioned_table p
                where p.partrelid = $1::text::regclass
            ),
            false
        ) as is_as_narrow_as_can_be
    from indexes
    cross join base
    where attnum = any(columns) or 0 = any(columns)
)
select
    case
        when base.nspname = 'pg_catalog' then format_type(base.oid, -1)
        else format('%I.%I', base.nspname, base.typname)
    end as type,
    coalesce((select name from operators where strategy = 3), '=') as equals,
    coalesce((select name from operators where strategy = 5), '>') as exceeds,
    case
        when base.nspname = 'pg_catalog'
            then base.typname in ('uuid', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'name')
        else base.typtype in ('b', 'e') and base.typcategory <> 'A'
    end as holds_text,
    not a.attnotnull as nullable,
    exists (select from judged where reason is null or is_as_narrow_as_can_be) as unique,
    array(
        select format('%s %s', relname, reason) from judged where reason is not null order by is_primary desc, relname
    ) as reasons
from base
cross join pg_catalog.pg_attribute a
where a.attrelid = $1::text::regclass and a.attname = $2::text
