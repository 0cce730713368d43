-- Personas of an assistant: an enum type, row security by owner, soft deletion, prose as the system prompt.
create type persona_type as enum ('assistant', 'character', 'expert');

create table personas (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null,
    name varchar(100) not null,
    type persona_type not null default 'assistant',
    system_prompt text,
    avatar_url text,
    metadata jsonb not null default '{}',
    is_active boolean not null default true,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create function touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

create trigger personas_updated_at before update on personas
for each row execute function touch_updated_at();
