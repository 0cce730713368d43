-- The host application's tables, generation A (Supabase, December 2025), as far as avatars are concerned. For the
-- demo and the tests; Retrato itself never creates host tables. The schema is named because a role "retrato" finds
-- the schema of its own name before public.

create table if not exists public.empresas (
    id uuid primary key default gen_random_uuid(),
    codigo varchar not null unique,
    nome varchar not null,
    descricao text not null,
    pais varchar not null default 'BR',
    idiomas text[] not null default '{pt}',
    total_personas integer not null default 20,
    status varchar default 'ativa' check (status in ('ativa', 'inativa', 'processando')),
    industry varchar,
    industria varchar not null default 'tecnologia',
    nationalities jsonb default '[]',
    dominio varchar,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table if not exists public.personas (
    id uuid primary key default gen_random_uuid(),
    persona_code varchar not null unique,
    full_name varchar not null,
    role varchar not null,
    specialty varchar,
    department varchar,
    email varchar unique,
    whatsapp varchar,
    empresa_id uuid not null references public.empresas (id) on delete cascade,
    biografia_completa text,
    personalidade jsonb default '{}',
    experiencia_anos integer default 0,
    ia_config jsonb,
    temperatura_ia numeric default 0.7,
    max_tokens integer default 2000,
    system_prompt text,
    status varchar default 'active' check (status in ('active', 'inactive', 'archived')),
    descricao_fisica text,
    idiomas jsonb default '["Português"]',
    nacionalidade text,
    genero varchar,
    biografia_resumida text,
    avatar_image_url text,
    avatar_image_generated_at timestamp,
    avatar_image_prompt text,
    nivel_hierarquico text check (nivel_hierarquico in ('gerencial', 'especialista', 'operacional')),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_sync timestamptz
);

create index if not exists personas_by_empresa on public.personas (empresa_id);

create table if not exists public.personas_avatares (
    id uuid primary key default gen_random_uuid(),
    persona_id uuid not null unique references public.personas (id) on delete cascade,
    avatar_url text,
    avatar_thumbnail_url text,
    prompt_usado text,
    prompt_image text,
    estilo varchar,
    background_tipo varchar,
    servico_usado varchar default 'gemini_ai',
    versao varchar default 'v1.0',
    ativo boolean default true,
    biometrics jsonb,
    history jsonb,
    metadados jsonb,
    avatar_local_path text,
    avatar_thumbnail_local_path text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
