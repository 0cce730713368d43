-- English names, as Supabase's examples have them; nothing is told, everything is found.
create table companies (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    industry text,
    country text,
    created_at timestamptz not null default now()
);

create table personas (
    id uuid primary key default gen_random_uuid(),
    company_id uuid references companies (id) on delete cascade,
    name text not null,
    title text,
    gender text,
    country text,
    bio text,
    avatar_url text,
    metadata jsonb,
    created_at timestamptz not null default now()
);
