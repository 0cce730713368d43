-- Tables on which row level security holds for this role, or for the role whose rights our functions have, and which
-- rows it lets them see.
--
-- sees: 'all' where a policy lets it see every row, 'some' where it depends on the row, 'none' where there is no policy
-- $1 quoted names of tables
with roles as (
    select r.oid, r.rolname, 'the daemon' as who
    from pg_catalog.pg_roles r
    where r.rolname = current_user
    union all
    select distinct r.oid, r.rolname, 'the triggers'
    from pg_catalog.pg_proc f
    join pg_catalog.pg_roles r on r.oid = f.proowner
    where f.pronamespace = to_regnamespace('retrato') and f.prosecdef
),
guarded as (
    select roles.who, roles.rolname, c.oid, roles.oid as role_oid
    from roles
    join pg_catalog.pg_roles r on r.oid = roles.oid and not r.rolsuper and not r.rolbypassrls
    join pg_catalog.pg_class c on c.oid = any($1::text[]::regclass[])
    where c.relrowsecurity and (c.relforcerowsecurity or not pg_has_role(roles.oid, c.relowner, 'USAGE'))
)
select
    guarded.who,
    guarded.rolname::text as role,
    guarded.oid::regclass::text as table_name,
    case
        when not coalesce(bool_or(policy.polpermissive), false) then 'none'
        when bool_or(not policy.polpermissive) then 'some'
        when bool_or(pg_get_expr(policy.polqual, policy.polrelid) = 'true') then 'all'
        else 'some'
    end as sees
from guarded
left join pg_catalog.pg_policy policy
    on policy.polrelid = guarded.oid
    and policy.polcmd in ('*', 'r')
    and exists (
        select
        from unnest(policy.polroles) named(oid)
        where case when named.oid = 0 then true else pg_has_role(guarded.role_oid, named.oid, 'USAGE') end
    )
group by guarded.who, guarded.rolname, guarded.oid
order by 1, 3
