-- Executar (force = false) or Forçar (force = true) for some personas, for PostgREST (store/rpc.py). Clients may leave
-- force out, or send null for it.
create or replace function {schema}.request(persona_ids text[], force boolean default false)
returns integer
language sql
security definer
set search_path = ''
as $$
    select retrato.request(request.persona_ids, coalesce(request.force, false))
$$;
