-- The pictures are stored; kept before the write-back, so that a successor can complete from here.
-- $1 persona id   $2 token   $3 image key   $4 thumbnail key   $5 sha256 of the image
update retrato.attempts
set image_key = $3::text, thumbnail_key = $4::text, sha256 = $5::text
where
    id = (
        select max(id) from retrato.attempts
        where persona_id = $1::text and token = $2::bigint and state = 'succeeded'
    )
