-- What an estimate of a company's remaining time rests on.
-- $1 company   $2 seconds within which a living replica gives a sign of life   $3 how many of its personas wait
select
    (
        select percentile_cont(0.5) within group (order by latest.took_s)::float8
        from (
            select a.took_s
            from retrato.avatars a
            where a.empresa_id = $1::text
            order by a.created_at desc
            limit 50
        ) latest
    ) as median_s,
    (
        select percentile_cont(0.5) within group (order by latest.took_s)::float8
        from (
            select extract(epoch from a.finished_at - a.started_at) as took_s
            from retrato.attempts a
            where a.state = 'succeeded'
            order by a.started_at desc
            limit 50
        ) latest
    ) as call_median_s,
    (
        select count(*)
        from retrato.replicas r
        where r.last_seen > clock_timestamp() - make_interval(secs => $2::float8)
    ) as replicas,
    (
        -- Companies are served in turn: until this one is through, each other one gets as many turns at most.
        select coalesce(sum(least(other.personas, $3::bigint)), 0)::bigint
        from (
            select waiting.empresa_id, count(*) as personas
            from (
                select j.empresa_id
                from retrato.jobs j
                where j.state = 'queued' and not j.delayed
                limit 20000
            ) waiting
            where waiting.empresa_id <> $1::text
            group by waiting.empresa_id
        ) other
    ) as ahead,
    (
        select extract(epoch from max(j.run_at) - clock_timestamp())::float8
        from retrato.jobs j
        where j.state = 'queued' and j.delayed and j.run_at < 'infinity' and j.empresa_id = $1::text
    ) as last_starts_in_s,
    exists (
        select from retrato.pauses where scope = 'all' or (scope = 'empresa' and name = $1::text)
    ) as paused
