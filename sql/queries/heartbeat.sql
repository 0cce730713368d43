-- See sql/triggers/17_heartbeat.sql.
-- $1 replica   $2 persona ids   $3 tokens   $4 lease in seconds   $5 lock key   $6 holds its lock   $7 version
-- $8 floor: a token
select owned, others_run, seen, reached, writer, oldest_writer
from retrato.heartbeat_from(
    $1::uuid, $2::text[], $3::bigint[], $4::float8, $5::integer, $6::boolean, $7::text, $8::bigint
)
