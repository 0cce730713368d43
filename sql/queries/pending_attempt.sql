-- What an earlier claim of this job has begun and not brought home: the attempt for the version that is most likely
-- still worth something, also when others have failed since. Adopted in the same statement: from now on it carries
-- the new fence.
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
        and (a.state in ('sending', 'succeeded') or a.fault = 'unknown_outcome')
    -- What is stored goes before what can be asked after, and that before what nobody will ever know.
    order by a.image_key is not null desc, a.request_id is not null desc, a.id desc
    limit 1
) best
where a.id = best.id
returning
    a.id, a.state, a.provider, a.leg, a.model, a.seed, a.redraw, a.request_id, a.ordered, a.cost_usd,
    a.image_key, a.thumbnail_key, a.sha256, a.generation
