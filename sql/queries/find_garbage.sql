-- Which of these stored pictures nobody names: no version, no attempt that a job may still be completed from, and no
-- job under whose fence it was stored and may be about to be written back.
--
-- is_foreign: its token has yet to come here, so another database has stored it, or this one before it was taken back
-- to an older state. Once noted, because a person has said so, it is like the others.
--
-- $1 image keys   $2 token of each   $3 grace time in seconds
select
    stored.image_key,
    stored.token,
    coalesce(g.noted_at <= now() - make_interval(secs => $3::float8), false) as is_due,
    g.image_key is null and stored.token >= next.token as is_foreign
from unnest($1::text[], $2::bigint[]) as stored(image_key, token)
cross join (select last_value + is_called::integer as token from retrato.tokens) as next
left join retrato.garbage g on g.image_key = stored.image_key
where
    not exists (select from retrato.avatars v where v.image_key = stored.image_key)
    and not exists (
        select
        from retrato.attempts a
        join retrato.jobs j on j.persona_id = a.persona_id
        where a.image_key = stored.image_key
    )
    and not exists (select from retrato.jobs j where j.state = 'running' and j.token = stored.token)
