-- See sql/triggers/15_claim_jobs.sql.
-- $1 most   $2 pace in seconds   $3 lanes, first to go first   $4 lease in seconds   $5 replica
-- $6 floors: round and place of lane 0, round and place of lane 1   $7 only this company, null = all
-- $8 how many jobs more are looked at
select
    persona_id, empresa_id, lane, token, generation, attempts, takeovers, version, new_face, waited_s, wait_s,
    more_left, due_in_s, seen, reached, writer, oldest_writer
from retrato.claim_jobs_from(
    $1::integer, $2::float8, $3::smallint[], $4::float8, $5::uuid, $6::bigint[], $7::text, $8::integer
)
order by nth
