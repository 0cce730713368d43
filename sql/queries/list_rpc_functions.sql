-- Functions outside schema retrato that are called as our wrappers for PostgREST are, and those who may execute them
-- besides their owner.
-- $1 names text[]   $2 the comment that our own bear
select
    n.nspname::text as schema_name,
    p.proname::text as name,
    format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as signature,
    coalesce(pg_catalog.obj_description(p.oid, 'pg_proc') = $2::text, false) as is_ours,
    p.prosrc as body,
    p.prosecdef and coalesce(p.proconfig, '{}') = array['search_path=""'] as is_guarded,
    pg_catalog.pg_get_userbyid(p.proowner)::text as owner,
    array(
        select case when granted.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(granted.grantee)::text end
        from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) granted
        where granted.grantee <> p.proowner and granted.privilege_type = 'EXECUTE'
        order by 1
    ) as grantees
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.proname = any($1::text[]) and n.nspname <> 'retrato'
order by 1, 2, 3
