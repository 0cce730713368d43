-- Hold one's own job against everybody who would change it, until the transaction ends.
-- $1 persona id   $2 token
select persona_id
from retrato.jobs
where persona_id = $1::text and token = $2::bigint and state = 'running'
for update
