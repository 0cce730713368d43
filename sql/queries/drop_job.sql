-- The persona is gone or not ready: there is nothing to draw. Its flag, if up, stays up.
--
-- Comes after lock_job.sql, with a fresh snapshot: an application that made the persona ready meanwhile has seen this
-- job and queued nothing, or has waited for the lock and then sees none. In the first case the job stays.
-- $1 persona id   $2 token
delete from retrato.jobs
where
    persona_id = $1::text
    and token = $2::bigint
    and not exists (select from retrato.persona_status s where s.persona_id = $1::text and s.ready)
returning persona_id
