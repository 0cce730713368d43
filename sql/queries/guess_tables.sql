-- Tables beside the personas that sound like the companies or the avatars.
-- $1 table of personas, qualified and quoted
with personas as (
    select c.oid, c.relnamespace
    from pg_catalog.pg_class c
    where c.oid = $1::text::regclass
)
select what, name
from (
    select
        'empresas' as what,
        c.oid::regclass::text as name
    from personas
    join pg_catalog.pg_class c on c.relkind in ('r', 'p', 'v') and c.oid <> personas.oid
    where
        (
            c.relname ~* '(compan|empres|organi[sz]a|tenant|account|cliente|workspace|firma)'
            and c.relnamespace = personas.relnamespace
            and not c.relispartition
        )
    union
    select 'avatares', c.oid::regclass::text
    from personas
    join pg_catalog.pg_class c on c.relkind in ('r', 'p') and c.oid <> personas.oid
    where
        c.relname ~* '(avatar|picture|photo|foto|imagem|image|portrait|retrato)'
        and c.relnamespace = personas.relnamespace
        and not c.relispartition
) found
order by 1, 2
limit 8
