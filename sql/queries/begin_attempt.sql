-- Before a paid call, in one statement: is the job still ours, may the leg be called now, is the money there? Then
-- set the money aside, take the leg's turn and slot, note on the job what is drawn, and write the attempt.
--
-- The leg's row is touched only where a limit is set or the leg was closed: then this call is the probe. Where legs
-- of one account share its limits, turn and slots are kept in the row of one of them. Both rows are locked before
-- they are judged, so that what the one grants is not lost to the other.
--
-- $1 persona id   $2 token   $3 version   $4 provider   $5 leg   $6 model   $7 seed   $8 redraw
-- $9 what is ordered, jsonb   $10 leg's interval in seconds, null = none   $11 calls at once, null = no limit
-- $12 seconds after which a slot is free whatever happens   $13 price in USD   $14 month's budget in USD, null = none
-- $15 generation when claimed   $16 leg in whose row turn and slots are kept, the leg itself as a rule
-- $17 fingerprint of the account, null = not known
--
-- One row: id of the attempt, or null with the reason: lost, paused (everything or the company), short of money, or
-- seconds to wait for the leg.
with fence as materialized (
    select persona_id, empresa_id, token
    from retrato.jobs
    where persona_id = $1::text and token = $2::bigint and state = 'running'
    for update
),
paused as materialized (
    select
        exists (
            select
            from retrato.pauses p
            where p.scope = 'all' or (p.scope = 'empresa' and p.name = (select empresa_id from fence))
        ) as work,
        exists (
            select
            from retrato.pauses p
            where p.scope = 'leg' and ($5::text = p.name or starts_with($5::text, p.name || '/'))
        ) as leg
),
locked as materialized (
    select
        l.leg,
        l.next_at,
        l.closed_until is not null or coalesce(l.suspended_keys ? $17::text, false) as was_closed,
        greatest(
            l.closed_until,
            l.probing_until,
            to_timestamp((l.suspended_keys -> $17::text ->> 'until')::float8),
            to_timestamp((l.suspended_keys -> $17::text ->> 'probing')::float8)
        ) as free_at
    from retrato.legs l
    where
        l.leg in ($5::text, $16::text)
        and exists (select from fence)
        and (
            $10::float8 is not null
            or $11::integer is not null
            or l.closed_until is not null
            or coalesce(l.suspended_keys ? $17::text, false)
        )
    order by l.leg
    for update
),
leg as materialized (
    select
        coalesce(bool_or(was_closed) filter (where leg = $5::text), false) as was_closed,
        coalesce(
            max(
                greatest(
                    case when leg = $5::text then free_at end,
                    case when leg = $16::text and $10::float8 is not null then next_at end
                )
            ),
            clock_timestamp()
        ) as free_at
    from locked
),
guarded as materialized (
    select
        $10::float8 is not null or $11::integer is not null or was_closed as yes,
        -- the leg's own row, where turn and slots are not in it; locked, so what is seen here holds
        was_closed and $5::text <> $16::text as apart,
        not (was_closed and $5::text <> $16::text) or not exists (
            select
            from locked
            where leg = $5::text and free_at > clock_timestamp()
        ) as apart_is_free
    from leg
),
money as materialized (
    select
        clock.begun_at,
        date_trunc('month', clock.begun_at at time zone 'UTC')::date as month,
        $14::numeric is null
        or $13::numeric = 0
        or $13::numeric + coalesce(
            (
                select spent_usd + reserved_usd
                from retrato.budget
                where month = date_trunc('month', clock.begun_at at time zone 'UTC')::date
            ),
            0
        ) <= $14::numeric as is_there
    -- One moment for both: the reservation lies in the month of the attempt, also when that begins just now.
    from (select clock_timestamp() as begun_at) clock
),
turn as (
    insert into retrato.legs as l (leg, next_at, slots)
    select
        $16::text,
        clock_timestamp() + make_interval(secs => $10::float8),
        jsonb_build_object($2::text, extract(epoch from clock_timestamp()) + $12::float8)
    from fence
    where
        (select yes and apart_is_free from guarded)
        and (select is_there from money)
        and not (select work or leg from paused)
    on conflict (leg) do update
    set
        next_at = coalesce(excluded.next_at, l.next_at),
        probing_until = case
            when $5::text <> l.leg then l.probing_until
            when l.closed_until is not null then clock_timestamp() + make_interval(secs => $12::float8)
        end,
        suspended_keys = case
            when $5::text = l.leg and l.suspended_keys ? $17::text then
                jsonb_set(
                    l.suspended_keys,
                    array[$17::text, 'probing'],
                    to_jsonb(extract(epoch from clock_timestamp()) + $12::float8)
                )
            else l.suspended_keys
        end,
        slots = excluded.slots || coalesce(
            (
                select jsonb_object_agg(slot.key, slot.value)
                from jsonb_each(l.slots) slot
                where slot.value::text::float8 > extract(epoch from clock_timestamp())
            ),
            '{}'
        )
    where
        (
            $5::text <> l.leg
            or (
                coalesce(l.closed_until, '-infinity') <= clock_timestamp()
                and coalesce(l.probing_until, '-infinity') <= clock_timestamp()
                and greatest(
                    (l.suspended_keys -> $17::text ->> 'until')::float8,
                    (l.suspended_keys -> $17::text ->> 'probing')::float8,
                    0
                ) <= extract(epoch from clock_timestamp())
            )
        )
        and ($10::float8 is null or coalesce(l.next_at, '-infinity') <= clock_timestamp())
        and (
            $11::integer is null
            or (
                select count(*)
                from jsonb_each(l.slots) slot
                where slot.value::text::float8 > extract(epoch from clock_timestamp()) and slot.key <> $2::text
            ) < $11::integer
        )
    returning leg
),
probe as (
    update retrato.legs l
    set
        probing_until = case
            when l.closed_until is not null then clock_timestamp() + make_interval(secs => $12::float8)
        end,
        suspended_keys = case
            when l.suspended_keys ? $17::text then
                jsonb_set(
                    l.suspended_keys,
                    array[$17::text, 'probing'],
                    to_jsonb(extract(epoch from clock_timestamp()) + $12::float8)
                )
            else l.suspended_keys
        end
    where l.leg = $5::text and (select apart from guarded) and exists (select from turn)
),
admitted as materialized (
    select fence.persona_id, fence.empresa_id, fence.token
    from fence
    where
        (select is_there from money)
        and not (select work or leg from paused)
        and (not (select yes from guarded) or exists (select from turn))
),
set_aside as (
    insert into retrato.budget as b (month, reserved_usd)
    select money.month, $13::numeric
    from money, admitted
    where $14::numeric is not null and $13::numeric > 0
    on conflict (month) do update
    set reserved_usd = b.reserved_usd + excluded.reserved_usd
    where b.spent_usd + b.reserved_usd + excluded.reserved_usd <= $14::numeric
    returning month
),
begun as (
    update retrato.jobs j
    set version = $3::integer, redraw = $8::integer, seed = $7::bigint
    from admitted
    where
        j.persona_id = admitted.persona_id
        and ($14::numeric is null or $13::numeric = 0 or exists (select from set_aside))
    returning j.persona_id, j.empresa_id, j.token
),
attempt as (
    insert into retrato.attempts (
        persona_id, empresa_id, version, token, provider, leg, model, seed, redraw, ordered, reserved_usd, generation,
        price_usd, started_at
    )
    select
        persona_id, empresa_id, $3::integer, token, $4::text, $5::text, $6::text, $7::bigint, $8::integer,
        $9::jsonb, case when $14::numeric is not null then $13::numeric end, $15::integer,
        $13::numeric, money.begun_at
    from begun, money
    returning id
)
select
    (select id from attempt) as id,
    not exists (select from fence) as lost,
    (select work from paused) as paused,
    not (select is_there from money) or (exists (select from admitted) and not exists (select from begun)) as short,
    greatest(
        case when (select paused.leg from paused) then {paused_leg_s} else 0 end,
        extract(epoch from (select leg.free_at from leg) - clock_timestamp())
    )::float8 as wait_s
