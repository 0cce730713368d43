-- What operators say (pauses), and what is done now and then by whichever replica comes first (chores).

-- In force while the row is there. A name at scope leg is a leg or a whole provider.
create table retrato.pauses (
    scope text not null check (scope in ('all', 'empresa', 'leg')),
    name text collate "C" not null default '',
    reason text,
    paused_at timestamptz not null default now(),
    primary key (scope, name),
    constraint all_has_no_name check ((scope = 'all') = (name = ''))
);

-- One chore a row: not before next_at, and where it goes on.
create table retrato.chores (
    chore text primary key,
    next_at timestamptz not null default 'epoch',
    -- the persona after which the sweep goes on; empty at the beginning of a lap
    position text not null default ''
) with (fillfactor = 50);

insert into retrato.chores (chore) values ('sweep'), ('prune');

-- Whether the flag's column is ours: then whoever raised it did so after the installation.
alter table retrato.installation add column flag_is_ours boolean not null default false;

-- Finds unfinished attempts whose job is long gone.
create index attempts_unfinished on retrato.attempts (started_at) where state = 'sending';
