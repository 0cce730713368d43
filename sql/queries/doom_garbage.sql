-- Decide about noted pictures whose grace time is over. Whoever is named after all leaves the list. About the others
-- nobody can change his mind: after this statement no way leads to a row that names them (docs/storage.md), so they may
-- be removed however long that takes.
--
-- A row of the application may show it without us: rows that were restored alone, or a copy of another persona.
--
-- Three ways could. Writing back under the fence under which the picture was stored: no job has it, and fences never
-- come back. Completing from an attempt: those that name the picture forget it here; if one is adopted at this moment,
-- its token has moved and the picture stays for now. Noting it on an attempt late: note_picture.sql refuses.
--
-- $1 grace time in seconds   $2 how many at most   $3 the key after which to go on
-- The word in braces: all addresses of pictures and thumbnails in the application's tables.
--
-- One row: the last key that was decided about, null when there was none.
with candidates as materialized (
    select image_key, token
    from retrato.garbage
    where
        doomed_at is null
        and noted_at <= now() - make_interval(secs => $1::float8)
        and image_key > $3::text
    order by image_key
    limit $2::integer
    for update
),
naming as materialized (
    select
        a.id,
        a.token,
        a.image_key,
        exists (select from retrato.jobs j where j.persona_id = a.persona_id) as may_be_completed
    from candidates c
    join retrato.attempts a on a.image_key = c.image_key
),
shown as materialized (
    -- By the file's name alone, which no two pictures share: cheap, for every address is looked at.
    select c.image_key
    from candidates c
    join ({addresses}) held
        on split_part(c.image_key, '/', 3)
        = replace(split_part(split_part(held.address, '?', 1), '/', -1), '_thumb.jpg', '.jpg')
),
unnamed as materialized (
    select c.image_key
    from candidates c
    where
        not exists (select from retrato.avatars v where v.image_key = c.image_key)
        and c.image_key not in (select image_key from shown)
        and c.image_key not in (select image_key from naming where may_be_completed)
        and not exists (select from retrato.jobs j where j.state = 'running' and j.token = c.token)
),
forgotten as (
    update retrato.attempts a
    set image_key = null, thumbnail_key = null, sha256 = null
    from naming n
    where a.id = n.id and a.token = n.token and n.image_key = any(array(select image_key from unnamed))
    returning a.id
),
doomed as (
    update retrato.garbage g
    set doomed_at = now()
    from unnamed u
    where
        g.image_key = u.image_key
        and u.image_key not in (select image_key from naming where id not in (select id from forgotten))
),
taken_back as (
    delete from retrato.garbage g
    using candidates c
    where g.image_key = c.image_key and not exists (select from unnamed u where u.image_key = c.image_key)
)
select max(image_key) as position
from candidates
