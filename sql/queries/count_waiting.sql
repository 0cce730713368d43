-- Jobs that wait to be drawn, now or later; those of paused companies wait for an operator.
select count(*) as waiting
from retrato.jobs j
where
    j.state = 'queued'
    and not exists (select from retrato.pauses p where p.scope = 'empresa' and p.name = j.empresa_id)
