-- Generation C as the leaner init_full_database makes it: the Portuguese names alone, only nome is not null.

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
    updated_at timestamptz default now()
);

create table personas (
    id uuid primary key default gen_random_uuid(),
    empresa_id uuid references empresas (id) on delete cascade,
    nome varchar(255) not null,
    cargo varchar(100),
    departamento varchar(100),
    nivel_senioridade varchar(50),
    descricao_funcao text,
    tracos_personalidade jsonb,
    tipo varchar(50) default 'virtual_assistant',
    status varchar(50) default 'active',
    avatar_url text,
    metadata jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table personas_avatares (
    id uuid primary key default gen_random_uuid(),
    persona_id uuid references personas (id) on delete cascade,
    physical_appearance jsonb,
    prompt_usado text,
    avatar_url text,
    avatar_thumb_path text,
    generated_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create trigger update_personas_updated_at before update on personas
for each row execute function update_updated_at_column();
