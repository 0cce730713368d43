-- How much work there is for replicas, in one row: what an autoscaler asks (deploy/kubernetes/overlays/keda).
--
-- What runs counts too: replicas would be taken away while they draw, otherwise. What waits for a later time needs
-- none, nor does what waits while all is paused. Each is counted up to 10,000, in an index: no autoscaler wants more,
-- and asking costs the same however long the queue is.
create or replace view retrato.backlog as
select
    counted.runnable,
    counted.running,
    counted.runnable + counted.running as jobs
from (
    select
        case
            when exists (select from retrato.pauses where scope = 'all') then 0
            else (
                select count(*)
                from (
                    select from retrato.jobs where state = 'queued' and not delayed limit 10000
                ) claimable
            ) + (
                select count(*)
                from (
                    select from retrato.jobs where state = 'queued' and delayed and run_at <= now() limit 10000
                ) due
            )
        end as runnable,
        (select count(*) from (select from retrato.jobs where state = 'running' limit 10000) held) as running
) counted;
