-- One table and nothing else; texts for keys, no table of companies.

create table personas (
    id text primary key default 'persona-' || gen_random_uuid()::text,
    empresa_id text,
    name text,
    job_title text,
    gender text,
    age integer,
    status text default 'active',
    avatar_url text,
    avatar_metadata jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create function touch() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create trigger touch before update on personas for each row execute function touch();
