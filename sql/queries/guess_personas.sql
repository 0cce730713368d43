-- Tables that sound like personas, as they would be named in a query here.
select c.oid::regclass::text as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p')
    and not c.relispartition
    and n.nspname not in ('retrato', 'pg_catalog', 'information_schema')
    and n.nspname not like 'pg\_%' escape '\'
    and c.relname ~* '^(persona|personas|personagem|personagens|characters?|companions?|agents?|people|persons?|assistants?|employees?|colaboradores)$'
order by c.relname ~* '^persona' desc, 1
limit 5
