-- Personas that wait or run.
-- $1 company, null = all
select persona_id
from retrato.jobs
where state in ('queued', 'running') and ($1::text is null or empresa_id = $1::text)
order by persona_id
