-- Which of these fences have written? Asked after a lost reply to COMMIT.
-- $1 tokens bigint[]
select token
from retrato.avatars
where token = any($1::bigint[])
