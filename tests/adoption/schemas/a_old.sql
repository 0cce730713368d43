-- Generation A before the UNIQUE on persona_id and before the column of ready prompts: duplicates do occur.

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create table empresas (
    id uuid primary key default gen_random_uuid(),
    codigo varchar not null unique,
    nome varchar not null,
    descricao text not null,
    industria varchar not null default 'tecnologia',
    updated_at timestamptz default now()
);

create table personas (
    id uuid primary key default gen_random_uuid(),
    persona_code varchar not null unique,
    full_name varchar not null,
    role varchar not null,
    specialty varchar,
    department varchar,
    email varchar unique,
    empresa_id uuid not null references empresas (id),
    experiencia_anos integer default 0,
    system_prompt text,
    status varchar default 'active' check (status in ('active', 'inactive', 'archived')),
    genero varchar,
    nacionalidade text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table personas_avatares (
    id uuid primary key default gen_random_uuid(),
    persona_id uuid not null references personas (id) on delete cascade,
    avatar_url text,
    avatar_thumbnail_url text,
    prompt_usado text,
    estilo varchar,
    background_tipo varchar,
    servico_usado varchar default 'gemini_ai',
    versao varchar default 'v1.0',
    ativo boolean default true,
    metadados jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create trigger update_personas_updated_at before update on personas
for each row execute function update_updated_at_column();
create trigger update_personas_avatares_updated_at before update on personas_avatares
for each row execute function update_updated_at_column();
