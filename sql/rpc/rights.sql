-- For the roles that were named, and nobody else: the default privileges of a schema may have given the new function to
-- everybody, as Supabase's do.
comment on function {function} is '{mark}';
do $retrato_rights$
declare
    grantee text;
begin
    for grantee in
        select case when granted.grantee = 0 then 'public' else format('%I', r.rolname) end
        from pg_catalog.pg_proc p
        cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) granted
        left join pg_catalog.pg_roles r on r.oid = granted.grantee
        where p.oid = {function_name}::pg_catalog.regprocedure and granted.grantee <> p.proowner
    loop
        execute format('revoke all on function %s from %s', {function_name}, grantee);
    end loop;
end;
$retrato_rights$;
