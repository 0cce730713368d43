-- As Prisma writes it: camelCase, cuid keys made by the client, times without a zone.
create table "Company" (
    "id" text not null,
    "name" text not null,
    constraint "Company_pkey" primary key ("id")
);

create table "Persona" (
    "id" text not null,
    "fullName" text,
    "jobTitle" text,
    "companyId" text not null,
    "imageUrl" text,
    "createdAt" timestamp(3) not null default current_timestamp,
    "updatedAt" timestamp(3) not null,
    constraint "Persona_pkey" primary key ("id")
);

create index "Persona_companyId_idx" on "Persona" ("companyId");

alter table "Persona"
add constraint "Persona_companyId_fkey" foreign key ("companyId") references "Company" ("id")
on delete cascade on update cascade;
