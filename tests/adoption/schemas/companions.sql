-- Companions with a picture that must be there: until there is one, it is an empty text.
create table "Category" (
    "id" text primary key default gen_random_uuid()::text,
    "name" text not null
);

create table "Companion" (
    "id" text primary key default gen_random_uuid()::text,
    "userId" text not null,
    "userName" text not null,
    "src" text not null,
    "name" text not null,
    "description" text not null,
    "instructions" text not null,
    "seed" text not null,
    "createdAt" timestamp(3) not null default current_timestamp,
    "updatedAt" timestamp(3) not null,
    "categoryId" text not null references "Category" ("id")
);
