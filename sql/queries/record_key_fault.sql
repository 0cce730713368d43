-- Count a fault that only a person can mend, and suspend the leg for this account alone: another key is asked at once.
-- The times are those of record_leg_fault.sql. What other accounts have suspended more than a day ago is forgotten.
--
-- $1 leg   $2 fault   $3 reason   $4 stated wait in seconds or null
-- $5 faults in a row that suspend   $6 first time in seconds   $7 longest in seconds   $8 fingerprint of the account
insert into retrato.legs as l (leg, failed_at, suspended_keys)
values (
    $1::text,
    clock_timestamp(),
    jsonb_build_object(
        $8::text,
        jsonb_build_object(
            'faults', 1,
            'until', extract(epoch from clock_timestamp()) + coalesce(
                $4::float8, case when $5::integer <= 1 then $6::float8 else 0 end
            ),
            'fault', $2::text,
            'reason', $3::text
        )
    )
)
on conflict (leg) do update
set
    failed_at = clock_timestamp(),
    -- the probe has had its answer
    probing_until = null,
    suspended_keys = (
        select
            jsonb_build_object(
                $8::text,
                jsonb_build_object(
                    'faults', counted.faults,
                    'until', greatest(
                        counted.until,
                        counted.now_s + coalesce(
                            $4::float8,
                            case
                                when counted.faults >= $5::integer then
                                    least(
                                        $7::float8,
                                        $6::float8 * 2 ^ least(20, counted.faults - $5::integer)::float8
                                    )
                                else 0
                            end
                        )
                    ),
                    'fault', $2::text,
                    'reason', $3::text
                )
            ) || coalesce(
                (
                    select jsonb_object_agg(other.key, other.value)
                    from jsonb_each(l.suspended_keys) other
                    where other.key <> $8::text and (other.value ->> 'until')::float8 > counted.now_s - 86400
                ),
                '{}'
            )
        from (
            select
                known.until,
                known.now_s,
                known.faults + (coalesce(known.until, 0) <= known.now_s)::integer as faults
            from (
                select
                    (l.suspended_keys -> $8::text ->> 'until')::float8 as until,
                    coalesce((l.suspended_keys -> $8::text ->> 'faults')::integer, 0) as faults,
                    extract(epoch from clock_timestamp())::float8 as now_s
            ) known
        ) counted
    )
