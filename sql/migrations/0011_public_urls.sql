-- Where browsers find the pictures. An address is this prefix, a slash and the picture's key (docs/storage.md): it is
-- built when it is written or shown, so that all addresses follow the prefix. The one that was used last is today's;
-- the others tell which addresses in the application's rows are ours. Daemons keep it when they start.

create table retrato.public_urls (
    -- without a slash at the end
    url text primary key,
    used_at timestamptz not null default clock_timestamp()
);
