-- Where each persona stands as far as our own tables tell: what the view shows while Retrato is detached. Only ever a
-- part of that view; see store/detaching.py.
select
    known.persona_id,
    coalesce(j.empresa_id, a.empresa_id) as empresa_id,
    null::text as name,
    case
        when j.state = 'queued' and j.attempts > 0 then 'retrying'
        when j.state is not null then j.state
        else 'ready'
    end as state,
    a.provider,
    coalesce(j.attempts, a.attempts, 0) as attempts,
    j.last_error,
    a.image_url as avatar_url,
    a.thumbnail_url,
    a.version,
    a.seed,
    a.took_s,
    a.created_at as generated_at,
    case when j.state = 'queued' and j.run_at < 'infinity' then j.run_at end as run_at,
    false as ready
from (
    select persona_id from retrato.jobs
    union
    select persona_id from retrato.avatars
) known
left join retrato.jobs j on j.persona_id = known.persona_id
left join lateral (
    select
        v.empresa_id, v.provider, v.attempts, v.image_url, v.thumbnail_url, v.version, v.seed, v.took_s, v.created_at
    from retrato.avatars v
    where v.persona_id = known.persona_id
    order by v.version desc
    limit 1
) a on true
