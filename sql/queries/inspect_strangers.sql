-- What roles may do that stand for everybody or nobody in particular: each avatar that they ask for costs money.
--
-- Row level security counts: without a policy that lets the role write, its right on the table is none. Whether a
-- policy's condition can ever be met is not looked into.
-- $1 quoted name of the personas' table   $2 the flag's column   $3 the comment that wrappers for PostgREST bear
with strangers (role, oid) as (
    select 'public', 0::oid
    union all
    select r.rolname::text, r.oid
    from pg_catalog.pg_roles r
    where r.rolname in ('anon', 'authenticated')
),
personas as (
    select c.oid, c.relrowsecurity, n.nspname
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = $1::text::regclass
),
policies as (
    select s.role, p.polcmd
    from strangers s
    join personas t on true
    join pg_catalog.pg_policy p on p.polrelid = t.oid and p.polpermissive
    where
        exists (
            select
            from unnest(p.polroles) named(oid)
            where case when named.oid = 0 or s.oid = 0 then named.oid = 0 else pg_has_role(s.oid, named.oid, 'USAGE') end
        )
),
found as (
    select
        s.role,
        has_schema_privilege(s.role, t.nspname, 'USAGE')
        and has_column_privilege(s.role, t.oid, $2::text, 'UPDATE')
        and (
            not t.relrowsecurity
            or exists (select from policies p where p.role = s.role and p.polcmd in ('*', 'w'))
        ) as may_raise_the_flag,
        has_schema_privilege(s.role, t.nspname, 'USAGE')
        and has_any_column_privilege(s.role, t.oid, 'INSERT')
        and (
            not t.relrowsecurity
            or exists (select from policies p where p.role = s.role and p.polcmd in ('*', 'a'))
        ) as may_insert,
        has_schema_privilege(s.role, 'retrato', 'USAGE')
        and exists (
            select
            from pg_catalog.pg_proc f
            where
                f.pronamespace = to_regnamespace('retrato')
                and f.proname in ('request', 'request_company', 'request_in_lane')
                and has_function_privilege(s.role, f.oid, 'EXECUTE')
        ) as may_request,
        array(
            select format('%I.%I(%s)', n.nspname, f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid))
            from pg_catalog.pg_proc f
            join pg_catalog.pg_namespace n on n.oid = f.pronamespace
            where
                f.proname in ('request', 'request_company')
                and pg_catalog.obj_description(f.oid, 'pg_proc') = $3::text
                and has_schema_privilege(s.role, n.oid, 'USAGE')
                and has_function_privilege(s.role, f.oid, 'EXECUTE')
            order by 1
        ) as wrappers
    from strangers s
    cross join personas t
)
select role, may_raise_the_flag, may_insert, may_request, wrappers
from found
where may_raise_the_flag or may_insert or may_request or wrappers <> '{}'
order by role
