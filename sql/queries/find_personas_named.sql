-- Personas by name, case and blanks around it aside.
-- $1 name   $2 company, null = any
select s.persona_id
from retrato.persona_status s
where lower(btrim(s.name)) = lower(btrim($1::text)) and ($2::text is null or s.empresa_id = $2::text)
order by s.persona_id
limit 100
