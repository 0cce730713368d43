-- Generation A as the live dump of December 2025 has it, with the UNIQUE that was added later.

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create table empresas (
    id uuid default gen_random_uuid() not null,
    codigo character varying not null,
    nome character varying not null,
    descricao text not null,
    pais character varying default 'BR'::character varying not null,
    idiomas text[] default '{pt}'::text[] not null,
    total_personas integer default 20 not null,
    status character varying default 'ativa'::character varying,
    scripts_status jsonb default '{"rag": false, "biografias": false}'::jsonb not null,
    ceo_gender character varying default 'feminino'::character varying,
    industry character varying,
    industria character varying default 'tecnologia'::character varying not null,
    nationalities jsonb default '[]'::jsonb,
    dominio character varying,
    cargos_necessarios jsonb,
    equipe_gerada boolean default false,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    constraint empresas_status_check check (status::text = any (array['ativa', 'inativa', 'processando'])),
    constraint empresas_pkey primary key (id),
    constraint empresas_codigo_key unique (codigo)
);

create table personas (
    id uuid default gen_random_uuid() not null,
    persona_code character varying not null,
    full_name character varying not null,
    role character varying not null,
    specialty character varying,
    department character varying,
    email character varying,
    whatsapp character varying,
    empresa_id uuid not null,
    biografia_completa text,
    personalidade jsonb default '{}'::jsonb,
    experiencia_anos integer default 0,
    ia_config jsonb default '{}'::jsonb,
    temperatura_ia numeric default 0.7,
    max_tokens integer default 2000,
    system_prompt text,
    status character varying default 'active'::character varying,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    last_sync timestamp with time zone,
    descricao_fisica text,
    idiomas jsonb default '["Português"]'::jsonb,
    nacionalidade text,
    genero character varying,
    biografia_resumida text,
    avatar_image_url text,
    avatar_image_generated_at timestamp without time zone,
    avatar_image_prompt text,
    bloco_funcional_id uuid,
    bloco_funcional_nome text,
    okr_owner_ids uuid[],
    responsabilidade_resultado text,
    metricas_responsabilidade text[],
    nivel_hierarquico text,
    constraint personas_status_check check (status::text = any (array['active', 'inactive', 'archived'])),
    constraint personas_nivel_check check (nivel_hierarquico = any (array['gerencial', 'especialista', 'operacional'])),
    constraint personas_pkey primary key (id),
    constraint personas_persona_code_key unique (persona_code),
    constraint personas_email_key unique (email),
    constraint personas_empresa_id_fkey foreign key (empresa_id) references empresas (id) on delete cascade
);

create table personas_avatares (
    id uuid default gen_random_uuid() not null,
    persona_id uuid not null,
    avatar_url text,
    avatar_thumbnail_url text,
    prompt_usado text,
    estilo character varying,
    background_tipo character varying,
    servico_usado character varying default 'gemini_ai'::character varying,
    versao character varying default 'v1.0'::character varying,
    ativo boolean default true,
    biometrics jsonb,
    history jsonb,
    metadados jsonb,
    created_at timestamp with time zone default now(),
    updated_at timestamp with time zone default now(),
    avatar_local_path text,
    avatar_thumbnail_local_path text,
    prompt_image text,
    constraint personas_avatares_pkey primary key (id),
    constraint personas_avatares_persona_id_key unique (persona_id),
    constraint personas_avatares_persona_id_fkey foreign key (persona_id) references personas (id) on delete cascade
);

create table personas_biografias (
    id uuid default gen_random_uuid() primary key,
    persona_id uuid not null unique references personas (id) on delete cascade,
    biografia_estruturada jsonb
);

create trigger update_personas_updated_at before update on personas
for each row execute function update_updated_at_column();
create trigger update_personas_avatares_updated_at before update on personas_avatares
for each row execute function update_updated_at_column();
