-- The persona is gone or not ready any more: there is nothing to draw. Its flag, if up, stays up.
-- $1 persona id   $2 token
delete from retrato.jobs
where persona_id = $1::text and token = $2::bigint and state = 'running'
