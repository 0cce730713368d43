-- A suspension that belongs to another account stays: its key is as bad as before.
-- $1 leg   $2 fingerprint of the account, null = not known. Writes at most once in ten seconds while nothing changes:
-- the row is shared by all replicas.
insert into retrato.legs as l (leg, succeeded_at)
values ($1::text, clock_timestamp())
on conflict (leg) do update
set
    faults_in_row = 0,
    closed_until = null,
    probing_until = null,
    last_fault = null,
    reason = null,
    suspended_keys = l.suspended_keys - coalesce($2::text, ''),
    succeeded_at = clock_timestamp()
where
    l.faults_in_row > 0
    or l.closed_until is not null
    or l.suspended_keys ? coalesce($2::text, '')
    or l.succeeded_at is null
    or l.succeeded_at < clock_timestamp() - interval '10 seconds'
