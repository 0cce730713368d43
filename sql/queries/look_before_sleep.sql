-- See sql/triggers/16_look_before_sleep.sql.
select enqueuing, claimable, due_in_s
from retrato.look_before_sleep()
