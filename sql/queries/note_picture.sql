-- The pictures are stored; kept before the write-back, so that a successor can complete from here. What gc has given
-- up is not kept: its removal has begun. What gc has only noted is taken from its list.
-- $1 persona id   $2 token   $3 image key   $4 thumbnail key   $5 sha256 of the image
with noted as materialized (
    -- locked, so that this and gc's decision come one after the other
    select doomed_at
    from retrato.garbage
    where image_key = $3::text
    for update
),
taken_back as (
    -- deleted and not only locked: a decision whose snapshot is older finds the row gone
    delete from retrato.garbage
    where image_key = $3::text and doomed_at is null
)
update retrato.attempts
set image_key = $3::text, thumbnail_key = $4::text, sha256 = $5::text
where
    id = (
        select max(id) from retrato.attempts
        where persona_id = $1::text and token = $2::bigint and state = 'succeeded'
    )
    and not exists (select from noted where doomed_at is not null)
