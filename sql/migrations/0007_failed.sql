-- Counts failed jobs, and finds their companies, without a walk through the table. It cannot serve the claim's walk: no
-- claimable job is in it.
create index jobs_failed on retrato.jobs (empresa_id) where state = 'failed';
