-- Stored pictures that nobody names any more, on their way out (docs/storage.md).

-- One picture, with its thumbnail, a row.
create table retrato.garbage (
    image_key text primary key,
    -- the fence under which it was stored; it stands in the key
    token bigint not null,
    -- since when nobody was found who names it
    noted_at timestamptz not null default now(),
    -- decided: nobody can name it any more, and what is stored of it is removed
    doomed_at timestamptz
);

-- Who names a picture?
create index avatars_by_image on retrato.avatars (image_key);

create index attempts_by_image on retrato.attempts (image_key) where image_key is not null;

-- Tells a store whose pictures it holds, together with the server's own identity: a copied database has the same.
alter table retrato.installation add column id uuid not null default gen_random_uuid();
