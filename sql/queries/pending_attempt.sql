-- What an earlier claim of this job has begun and not brought home: the youngest attempt for the version, if it
-- may still be worth something. Adopted in the same statement: from now on it carries the new fence.
--
-- $1 persona id   $2 token   $3 version
update retrato.attempts a
set token = $2::bigint
from (
    select a.id
    from retrato.attempts a
    join retrato.jobs j on j.persona_id = a.persona_id
    where
        a.persona_id = $1::text
        and a.version = $3::integer
        and j.token = $2::bigint
        and j.state = 'running'
    order by a.id desc
    limit 1
) youngest
where a.id = youngest.id and (a.state in ('sending', 'succeeded') or a.fault = 'unknown_outcome')
returning
    a.id, a.state, a.provider, a.leg, a.model, a.seed, a.redraw, a.request_id, a.ordered, a.cost_usd,
    a.image_key, a.thumbnail_key, a.sha256
