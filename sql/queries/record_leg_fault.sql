-- Count a fault and close the leg when its policy says so. A wait that the provider stated goes first; without one
-- the time doubles with every fault beyond the first that closes. A leg is never opened earlier than it already is.
-- $1 leg   $2 fault   $3 reason   $4 stated wait in seconds or null
-- $5 faults in a row that close, null = this fault never closes   $6 first time in seconds   $7 longest in seconds
insert into retrato.legs as l (leg, faults_in_row, closed_until, last_fault, reason, failed_at)
values (
    $1::text,
    1,
    case
        when $5::integer is null then null
        when $4::float8 is not null then clock_timestamp() + make_interval(secs => $4::float8)
        when $5::integer <= 1 then clock_timestamp() + make_interval(secs => $6::float8)
    end,
    $2::text,
    $3::text,
    clock_timestamp()
)
on conflict (leg) do update
set
    faults_in_row = l.faults_in_row + 1,
    closed_until = greatest(
        l.closed_until,
        case
            when $5::integer is null then null
            when $4::float8 is not null then clock_timestamp() + make_interval(secs => $4::float8)
            when l.faults_in_row + 1 >= $5::integer then
                clock_timestamp() + make_interval(
                    secs => least(
                        $7::float8, $6::float8 * 2 ^ least(20, l.faults_in_row + 1 - $5::integer)::float8
                    )
                )
        end
    ),
    -- the probe has had its answer; closed again, or still closed for the next probe
    probing_until = null,
    last_fault = $2::text,
    reason = $3::text,
    failed_at = clock_timestamp()
