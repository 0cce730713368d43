-- A mark for each company that moves when something changes there, for a few looks into indexes: the ends of its queue,
-- what runs, the newest version and how many were written in the last seconds. Asked once a second for all open pages.
-- What leaves no trace here (the application edits a row) is seen by the pages' slower look at everything.
-- $1 companies text[]
with pauses as (
    select count(*) as pauses, max(paused_at) as paused_at
    from retrato.pauses
),
running as materialized (
    select j.empresa_id, string_agg(j.token::text, ',' order by j.token) as tokens
    from retrato.jobs j
    where j.state = 'running'
    group by j.empresa_id
)
select
    open.empresa_id,
    concat_ws(
        '/',
        pauses.pauses, pauses.paused_at,
        urgent.first_place, urgent.last_place, bulk.first_place, bulk.last_place, running.tokens,
        (select max(a.created_at) from retrato.avatars a where a.empresa_id = open.empresa_id),
        (
            select count(*)
            from retrato.avatars a
            where a.empresa_id = open.empresa_id and a.created_at > now() - interval '5 s'
        )
    ) as mark
from unnest($1::text[]) as open(empresa_id)
cross join pauses
left join running on running.empresa_id = open.empresa_id
left join lateral (
    select
        (
            select j.place
            from retrato.jobs j
            where j.state = 'queued' and not j.delayed and j.lane = 0 and j.empresa_id = open.empresa_id
            order by j.round, j.place
            limit 1
        ) as first_place,
        (
            select j.place
            from retrato.jobs j
            where j.state = 'queued' and not j.delayed and j.lane = 0 and j.empresa_id = open.empresa_id
            order by j.round desc, j.place desc
            limit 1
        ) as last_place
) urgent on true
left join lateral (
    select
        (
            select j.place
            from retrato.jobs j
            where j.state = 'queued' and not j.delayed and j.lane = 1 and j.empresa_id = open.empresa_id
            order by j.round, j.place
            limit 1
        ) as first_place,
        (
            select j.place
            from retrato.jobs j
            where j.state = 'queued' and not j.delayed and j.lane = 1 and j.empresa_id = open.empresa_id
            order by j.round desc, j.place desc
            limit 1
        ) as last_place
) bulk on true
