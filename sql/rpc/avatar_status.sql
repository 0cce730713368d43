-- How many personas of one company are in which state, for PostgREST (store/rpc.py). Numbers alone: it runs with its
-- owner's rights, and row level security would hide from the caller what names and addresses tell.
create or replace function {schema}.avatar_status(empresa_id text)
returns table (state text, personas bigint)
language sql
stable
security definer
set search_path = ''
as $$
    select s.state, count(*)
    from retrato.persona_status s
    where s.empresa_id = avatar_status.empresa_id
    group by s.state
    order by s.state
$$;
