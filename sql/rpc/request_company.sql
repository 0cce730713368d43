-- Executar (force = false) or Forçar (force = true) for one company, for PostgREST (store/rpc.py). Clients may leave
-- force out, or send null for it.
create or replace function {schema}.request_company(empresa_id text, force boolean default false)
returns integer
language sql
security definer
set search_path = ''
as $$
    select retrato.request_company(request_company.empresa_id, coalesce(request_company.force, false))
$$;
