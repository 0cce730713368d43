-- Count a fault and close the leg when its policy says so. A wait that the provider stated goes first; without one
-- the time doubles with every fault beyond the first that closes. A leg is never opened earlier than it already is.
--
-- Faults are counted among their kind: another kind begins a row of its own. Calls that were under way when the leg
-- closed fail too; they tell nothing new and are not counted, or four calls at once would double the time three times.
-- Nor do they change why the leg is closed, unless they close it for longer.
-- $1 leg   $2 fault   $3 reason   $4 stated wait in seconds or null
-- $5 faults in a row that close   $6 first time in seconds   $7 longest in seconds   $8 faults of its kind
-- $9 fingerprint of the account, null = not known
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
set (faults_in_row, closed_until, last_fault, reason) = (
    select
        case when told.is_news then counted.faults else l.faults_in_row end,
        greatest(l.closed_until, told.until),
        case when told.is_news then $2::text else l.last_fault end,
        case when told.is_news then $3::text else l.reason end
    from (
        select coalesce(l.closed_until, 'epoch') > clock_timestamp() as is_closed
    ) now
    cross join lateral (
        select
            case when l.last_fault = any($8::text[]) then l.faults_in_row + (not now.is_closed)::integer else 1 end
            as faults
    ) counted
    cross join lateral (
        select
            case
                when $4::float8 is not null then clock_timestamp() + make_interval(secs => $4::float8)
                when counted.faults >= $5::integer then
                    clock_timestamp() + make_interval(
                        secs => least($7::float8, $6::float8 * 2 ^ least(20, counted.faults - $5::integer)::float8)
                    )
            end as until
    ) closing
    cross join lateral (
        select closing.until, not now.is_closed or closing.until > l.closed_until as is_news
    ) told
),
-- the probe has had its answer; closed again, or still closed for the next probe
probing_until = null,
suspended_keys = case
    when l.suspended_keys ? $9::text then l.suspended_keys #- array[$9::text, 'probing']
    else l.suspended_keys
end,
failed_at = clock_timestamp()
