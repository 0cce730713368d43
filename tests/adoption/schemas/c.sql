-- Generation C as RECREATE_FULL_DATABASE makes it, with the columns that update_personas_schema adds.

create type hierarchy_level as enum ('executivo', 'gerencial', 'especialista', 'assistente');

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create table empresas (
    id uuid primary key default gen_random_uuid(),
    codigo varchar(100) unique,
    nome varchar(255) not null,
    setor varchar(100),
    industria varchar(100),
    project_id uuid,
    owner_id uuid,
    configuracoes jsonb default '{}',
    total_personas integer default 15,
    status varchar(50) default 'ativa',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table personas (
    id uuid primary key default gen_random_uuid(),
    empresa_id uuid references empresas (id) on delete cascade,
    persona_code varchar(100) unique,
    full_name varchar(255) not null,
    nome varchar(255),
    email varchar(255),
    role varchar(100),
    cargo varchar(100),
    department varchar(100),
    departamento varchar(100),
    seniority_level varchar(50),
    nivel_senioridade varchar(50),
    gender varchar(20),
    nationality varchar(50),
    age_range varchar(20),
    descricao_funcao text,
    tracos_personalidade text[],
    objetivos text[],
    reports_to uuid references personas (id),
    nivel_hierarquico hierarchy_level,
    tipo varchar(50) default 'virtual_assistant',
    status varchar(50) default 'active',
    avatar_url text,
    competencias_file_path text,
    metadata jsonb default '{}',
    nacionalidade text,
    idade integer,
    perfil_profissional text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table personas_avatares (
    id uuid primary key default gen_random_uuid(),
    persona_id uuid references personas (id) on delete cascade,
    biografia_resumida text,
    physical_appearance jsonb,
    personality_traits jsonb,
    ethnicity varchar(50),
    age_range varchar(20),
    gender varchar(20),
    body_type varchar(50),
    prompt_image text,
    prompt_usado text,
    avatar_url text,
    avatar_local_path text,
    avatar_thumb_path text,
    avatar_service varchar(50),
    avatar_seed bigint,
    generation_service varchar(50) default 'gemini',
    generated_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create trigger update_empresas_updated_at before update on empresas
for each row execute function update_updated_at_column();
create trigger update_personas_updated_at before update on personas
for each row execute function update_updated_at_column();
create trigger update_personas_avatares_updated_at before update on personas_avatares
for each row execute function update_updated_at_column();
