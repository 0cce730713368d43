-- Looks that no two personas of a company share, and versions that were brought back.

-- How a persona looks, drawn once and kept; the fingerprint is what is seen at first sight.
create table retrato.looks (
    persona_id text collate "C" primary key,
    empresa_id text collate "C" not null,
    look jsonb not null,
    fingerprint text collate "C" not null,
    -- the avatar's version that it was drawn for
    version integer not null,
    drawn_at timestamptz not null default now(),
    unique (empresa_id, fingerprint)
);

-- The version that was copied by `retrato restore`, null for one that was drawn.
alter table retrato.avatars add column restored_from integer;

-- Forçar asks for a new face; whoever is drawn anew because its row has changed keeps the one it has.
alter table retrato.jobs add column new_face boolean not null default false;

-- The request that a call answers: who completes it later must not take it for the answer to a later request.
alter table retrato.attempts add column generation integer;

-- Whether the application wrote the prompt; a copy of one that Retrato composed is not the application's.
alter table retrato.avatars add column prompt_is_theirs boolean not null default false;
