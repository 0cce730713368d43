-- What became of a version that was not written just now.
-- $1 token   $2 persona id   $3 image key
--
-- is_written: it was written before; the reply to that COMMIT got lost.
-- is_wanted: somebody may use its pictures: who took the job over, and completes from what is stored.
select
    exists (select from retrato.avatars where token = $1::bigint) as is_written,
    exists (select from retrato.jobs where persona_id = $2::text)
    or exists (select from retrato.avatars where persona_id = $2::text and image_key = $3::text) as is_wanted
