-- Why jobs wait that somebody has claimed and handed back without counting an attempt, the commonest reasons first.
select j.last_error as reason, count(*)::integer as jobs
from retrato.jobs j
where j.state = 'queued' and j.delayed and j.attempts = 0 and j.last_error is not null
group by j.last_error
order by jobs desc, reason
limit 3
