-- Forget what belongs to rows that are no more; see triggers/45_forget.sql.
-- $1 behind which persona   $2 how many are looked at
select last_persona_id, forgotten
from retrato.forget_gone($1::text, $2::integer)
