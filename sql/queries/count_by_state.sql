-- Personas by company and state.
-- $1 only this company, null = all
select empresa_id, state, count(*) as personas
from retrato.persona_status
where $1::text is null or empresa_id = $1::text
group by empresa_id, state
order by empresa_id, state
