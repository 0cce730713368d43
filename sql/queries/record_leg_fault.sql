-- Count a fault and close the leg when its policy says so. A wait that the provider stated goes first; without one
-- the time doubles with every fault beyond the first that closes. A leg is never opened earlier than it already is.
--
-- Calls that were under way when the leg closed fail too; they tell nothing new and are not counted, or four calls at
-- once would double the time three times.
-- $1 leg   $2 fault   $3 reason   $4 stated wait in seconds or null
-- $5 faults in a row that close   $6 first time in seconds   $7 longest in seconds
-- $8 fingerprint of the account, null = not known
insert into retrato.legs as l (leg, faults_in_row, closed_until, last_fault, reason, failed_at)
values (
    $1::text,
    1,
    case
        when $4::float8 is not null then clock_timestamp() + make_interval(secs => $4::float8)
        when $5::integer <= 1 then clock_timestamp() + make_interval(secs => $6::float8)
    end,
    $2::text,
    $3::text,
    clock_timestamp()
)
on conflict (leg) do update
set (faults_in_row, closed_until) = (
    select
        counted.faults,
        greatest(
            l.closed_until,
            case
                when $4::float8 is not null then clock_timestamp() + make_interval(secs => $4::float8)
                when counted.faults >= $5::integer then
                    clock_timestamp() + make_interval(
                        secs => least($7::float8, $6::float8 * 2 ^ least(20, counted.faults - $5::integer)::float8)
                    )
            end
        )
    from (
        select l.faults_in_row + (coalesce(l.closed_until, 'epoch') <= clock_timestamp())::integer as faults
    ) counted
),
-- the probe has had its answer; closed again, or still closed for the next probe
probing_until = null,
suspended_keys = case
    when l.suspended_keys ? $8::text then l.suspended_keys #- array[$8::text, 'probing']
    else l.suspended_keys
end,
last_fault = $2::text,
reason = $3::text,
failed_at = clock_timestamp()
