-- Replicas that gave a sign of life within $1 seconds, and how many jobs each has in hand.
select
    r.id::text as replica_id,
    r.version,
    r.locks,
    r.started_at,
    extract(epoch from clock_timestamp() - r.last_seen)::float8 as silent_s,
    (select count(*) from retrato.jobs j where j.state = 'running' and j.replica_id = r.id) as running
from retrato.replicas r
where r.last_seen > clock_timestamp() - make_interval(secs => $1::float8)
order by r.started_at
