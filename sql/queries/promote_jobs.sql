-- Jobs whose time has come enter the claim's index, at the end of their company's row.
-- $1 limit integer
with due as materialized (
    select persona_id
    from retrato.jobs
    where state = 'queued' and delayed and run_at <= clock_timestamp()
    order by run_at
    limit $1::integer
    for update skip locked
)
update retrato.jobs j
set delayed = false, place = nextval('retrato.places')
from due
where j.persona_id = due.persona_id
