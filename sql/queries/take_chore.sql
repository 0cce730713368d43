-- Take a chore's turn, if nobody has had it lately; for so long nobody else does it.
-- $1 chore   $2 seconds to the next turn
--
-- Its position; no row when it is not time.
update retrato.chores
set next_at = clock_timestamp() + make_interval(secs => $2::float8)
where chore = $1::text and next_at <= clock_timestamp()
returning position
