-- Where a chore goes on, and when.
-- $1 chore   $2 position   $3 seconds from now, null = as it is
update retrato.chores
set position = $2::text, next_at = coalesce(clock_timestamp() + make_interval(secs => $3::float8), next_at)
where chore = $1::text
