-- See sql/triggers/17_heartbeat.sql.
-- $1 replica   $2 persona ids   $3 tokens   $4 lease in seconds   $5 lock key   $6 holds its lock   $7 version
select owned, others_run
from retrato.heartbeat(
    $1::uuid, $2::text[], $3::bigint[], $4::float8, $5::integer, $6::boolean, $7::text
)
