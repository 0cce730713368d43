-- See sql/triggers/16_look_before_sleep.sql.
-- $1 floors: round and place of lane 0, round and place of lane 1
select enqueuing, claimable, due_in_s
from retrato.look_before_sleep_from($1::bigint[])
