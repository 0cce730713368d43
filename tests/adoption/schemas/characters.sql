-- A chat application: characters described in prose, made by its users.
create table users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique
);

create table characters (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    description text not null,
    greeting text,
    image_url text,
    created_by uuid not null references users (id) on delete cascade,
    is_public boolean not null default true,
    created_at timestamptz not null default now()
);

create index on characters (created_by);
