-- One step of the sweep: of the next personas by key, those that no trigger has queued (triggers were bypassed, a dump
-- was restored): without an avatar, or with a raised flag, and in either case without a job.
--
-- Unless all are meant: only those created after the installation, whose column the words name (false where the host
-- has none), and flags in a column that is ours. A failed, refused or cancelled persona has a job and stays as it is.
--
-- $1 position: the persona after which to go on   $2 how many are looked at   $3 all
with looked as materialized (
    select
        p.{personas_id} as id,
        {ready_of_p} as ready,
        {missing_of_p} as missing,
        {flag_of_p} as flagged,
        $3::boolean or {since_of_p} as meant
    from {personas} p
    where {behind_position}
    order by p.{personas_id}
    limit $2::integer
),
idle as (
    select looked.id::text as persona_id, looked.missing, looked.flagged, looked.meant
    from looked
    where
        looked.ready
        and (looked.missing or looked.flagged)
        and not exists (
            -- A job that knows nothing of a flag which is up above a picture was asked for without it.
            select from retrato.jobs j
            where
                j.persona_id = looked.id::text
                and not (
                    looked.flagged
                    and not j.new_face
                    and j.state in ('queued', 'running')
                    and exists (select from retrato.avatars a where a.persona_id = j.persona_id)
                )
        )
)
select
    array(
        select persona_id
        from idle
        where
            missing
            and not flagged
            and meant
            and not exists (select from retrato.avatars a where a.persona_id = idle.persona_id)
    ) as missing,
    array(
        select persona_id
        from idle
        where flagged and (meant or (select flag_is_ours from retrato.installation))
    ) as flagged,
    (select looked.id::text from looked order by looked.id desc limit 1) as position,
    (select count(*) from looked)::integer as looked_at
