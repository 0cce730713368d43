-- One row per persona: where it stands. States: missing waiting queued running retrying failed ready.
-- Only ever a part of others: the view retrato.persona_status, and functions that must do without it.
select
    p.{personas_id}::text as persona_id,
    {empresa_of_p} as empresa_id,
    {name_of_p} as name,
    case
        when j.state = 'queued' and j.attempts > 0 then 'retrying'
        when j.state is not null then j.state
        when a.version is not null or not {missing_of_p} then 'ready'
        when not {ready_of_p} then 'waiting'
        else 'missing'
    end as state,
    a.provider,
    coalesce(j.attempts, a.attempts, 0) as attempts,
    j.last_error,
    coalesce({image_url_of_a}, {url_of_p}) as avatar_url,
    {thumbnail_url_of_a} as thumbnail_url,
    a.version,
    a.seed,
    a.took_s,
    a.created_at as generated_at,
    case when j.state = 'queued' and j.run_at < 'infinity' then j.run_at end as run_at,
    {ready_of_p} as ready
from {personas} p
left join retrato.jobs j on j.persona_id = p.{personas_id}::text
left join lateral (
    select
        v.provider, v.attempts, v.image_key, v.thumbnail_key, v.image_url, v.thumbnail_url, v.version, v.seed, v.took_s,
        v.created_at
    from retrato.avatars v
    where v.persona_id = p.{personas_id}::text
    order by v.version desc
    limit 1
) a on true
