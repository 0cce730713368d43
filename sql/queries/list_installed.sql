-- Our functions, by name, with their bodies; tables, views and sequences of schema retrato.
select 'function' as kind, f.proname as name, f.prosrc as body
from pg_catalog.pg_proc f
where f.pronamespace = to_regnamespace('retrato')
union all
select case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.relname, null
from pg_catalog.pg_class c
where c.relnamespace = to_regnamespace('retrato') and c.relkind in ('v', 'S', 'r', 'p')
order by 1, 2
