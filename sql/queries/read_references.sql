-- The tables to which foreign keys of one column lead, quoted.
-- $1 table, qualified and quoted   $2 column
select format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) as table_name
from pg_catalog.pg_constraint f
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = any(f.conkey)
join pg_catalog.pg_class c on c.oid = f.confrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where f.contype = 'f' and f.conrelid = $1::text::regclass and a.attname = $2::text
