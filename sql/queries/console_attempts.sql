-- The calls to providers for a persona, the newest first.
-- $1 persona   $2 limit
select
    id, version, leg, model, state, fault, error, cost_usd::float8 as cost_usd, started_at,
    extract(epoch from finished_at - started_at)::float8 as took_s
from retrato.attempts
where persona_id = $1::text
order by id desc
limit $2::integer
