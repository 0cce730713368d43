-- One step of `retrato readdress`: of the next rows by key, those with an address of ours that begins with an old prefix
-- get today's. Rows that somebody holds are passed over: a later pass finds them. Nothing but addresses is touched, so
-- that none of our triggers has a reason to do anything.
-- $1 position: the key behind which to go on, '' = from the first   $2 how many rows at most
-- $3 old prefixes text[]   $4 today's prefix
-- The words in braces: the table, its key, and for its columns whether they hold such an address and what they get.
--
-- One row: how many were found, how many were rewritten, and the last key.
with page as materialized (
    select t.tableoid, t.ctid, t.{key} as key
    from {table} t
    where {behind_position} and ({has_old_address})
    order by t.{key}
    limit $2::integer
    for no key update skip locked
),
rewritten as (
    update {table} t
    set {rewritten}
    from page
    where t.ctid = page.ctid and t.tableoid = page.tableoid
    returning t.ctid
)
select
    (select count(*) from page)::integer as found,
    (select count(*) from rewritten)::integer as rewritten,
    (select page.key::text from page order by page.key desc limit 1) as position
