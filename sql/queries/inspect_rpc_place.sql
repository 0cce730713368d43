-- Whether a schema is there, which of some roles are not, and which of them may not use it.
-- $1 schema   $2 roles text[]
select
    exists (select from pg_catalog.pg_namespace n where n.nspname = $1::text) as has_schema,
    array(
        select asked.role
        from unnest($2::text[]) as asked(role)
        where not exists (select from pg_catalog.pg_roles r where r.rolname = asked.role)
    ) as unknown_roles,
    array(
        select r.rolname::text
        from pg_catalog.pg_roles r
        join pg_catalog.pg_namespace n on n.nspname = $1::text
        where r.rolname = any($2::text[]) and not has_schema_privilege(r.oid, n.oid, 'USAGE')
        order by 1
    ) as shut_out
