-- Which releases the schema serves (docs/decisions/0012): a release knows the schema by the number of its newest migration.

alter table retrato.installation
    -- the oldest code that works here; raised by the migration that takes something away
    add column serves_from integer not null default 4,
    -- which functions and triggers are in place; compared by releases whose newest migration is the newest here
    add column functions_sha256 text not null default '';

-- Code that knows schema 4 starts where triggers_sha256 is its own, and writes it when it migrates, whatever has come
-- after. It may start here, so the column keeps its word; it must not put its older functions in the place of the
-- newer ones, so nobody can write it any more.
alter table retrato.installation rename column triggers_sha256 to functions_of_schema_4;

alter table retrato.installation add column triggers_sha256 text generated always as (functions_of_schema_4) stored;
