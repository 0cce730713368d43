-- The picture is stored; kept before the write-back, so that a successor can complete from here.
-- $1 token   $2 image key   $3 sha256   $4 persona id
update retrato.attempts
set image_key = $2::text, sha256 = $3::text
where
    id = (
        select max(id) from retrato.attempts
        where persona_id = $4::text and token = $1::bigint and state = 'succeeded'
    )
