-- Companies with failed personas.
select distinct empresa_id
from retrato.jobs
where state = 'failed'
order by empresa_id
