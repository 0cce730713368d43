-- These pictures are removed.
-- $1 image keys
delete from retrato.garbage
where image_key = any($1::text[]) and doomed_at is not null
