-- Our triggers on the host's tables, by name and quoted full name of the table. A disabled one fires for nobody, one
-- that is enabled for replicas not for applications.
select
    g.tgname as name,
    g.tgenabled in ('O', 'A') as is_enabled,
    format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) as table_name
from pg_catalog.pg_trigger g
join pg_catalog.pg_proc f on f.oid = g.tgfoid
join pg_catalog.pg_namespace fn on fn.oid = f.pronamespace and fn.nspname = 'retrato'
join pg_catalog.pg_class c on c.oid = g.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not g.tgisinternal
order by 1, 2
