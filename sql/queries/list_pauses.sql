-- The pauses in force, the oldest first.
select scope, name, reason, paused_at
from retrato.pauses
order by paused_at, scope, name
