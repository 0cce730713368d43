-- See sql/triggers/18_take_over_jobs.sql.
-- $1 this replica   $2 silence in seconds   $3 most take-overs   $4 tokens in this replica's hands   $5 floor: a token
select persona_id
from retrato.take_over_jobs_from($1::uuid, $2::float8, $3::integer, $4::bigint[], $5::bigint)
