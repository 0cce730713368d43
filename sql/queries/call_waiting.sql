-- Call the jobs that wait for a leg which is suspended for other accounts and not for ours: the key was put right, and
-- a replica with the old one may still be delaying jobs. At the start of a replica also those that wait for money, and
-- those whose replica did not know one of our providers. Returns how many were called.
--
-- $1 provider → fingerprint of our account, jsonb   $2 whether the replica has just started
with ours as materialized (
    select key as provider, value as key
    from jsonb_each_text($1::jsonb)
),
kept as materialized (
    -- legs that we may not call either
    select s.leg
    from retrato.leg_suspensions s
    left join ours on ours.provider = split_part(s.leg, '/', 1)
    where (s.key is null or s.key = ours.key) and greatest(s.suspended_until, s.probing_until) > clock_timestamp()
    union
    select l.leg
    from retrato.legs l
    join retrato.pauses p on p.scope = 'leg' and (l.leg = p.name or starts_with(l.leg, p.name || '/'))
),
freed as materialized (
    select distinct s.leg
    from retrato.leg_suspensions s
    join ours on ours.provider = split_part(s.leg, '/', 1) and ours.key <> s.key
    where s.suspended_until > clock_timestamp() and s.leg not in (select leg from kept)
),
added as materialized (
    select ours.provider
    from ours
    where $2::boolean and ours.provider not in (select split_part(leg, '/', 1) from kept)
),
waiting as materialized (
    select w.persona_id
    from retrato.jobs w
    where
        w.state = 'queued'
        and w.delayed
        and w.run_at > now()
        and w.run_at < 'infinity'
        and cardinality(w.waits_for) > 0
        and ($2::boolean or exists (select from freed))
        and (
            w.waits_for && array(select leg from freed)
            or $2::boolean and 'budget' = any(w.waits_for)
            or exists (
                select
                from added
                where added.provider <> all(
                    array(select split_part(known.leg, '/', 1) from unnest(w.waits_for) as known(leg))
                )
            )
        )
    -- in order, as everybody does; one that an application holds comes in its own time
    order by w.persona_id
    for update skip locked
),
called as (
    update retrato.jobs j
    set run_at = now()
    where j.persona_id = any(array(select persona_id from waiting))
    returning j.persona_id
)
select count(*) as called
from called
