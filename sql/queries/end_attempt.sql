-- Close an attempt, free its slot on the leg, and settle its money: what was set aside goes, what it cost is spent.
-- With an unknown outcome the estimate is its cost and stays set aside: it may have been charged. Should the outcome
-- be learnt after all, the attempt is closed once more. A picture whose cost nobody tells is settled at its estimate.
--
-- $1 attempt id   $2 state   $3 fault, null on success   $4 error   $5 cost in USD, null = unknown
-- $6 seed that was really used, null = the ordered one   $7 price that counts when the outcome is unknown
with ended as (
    update retrato.attempts
    set
        state = $2::text,
        fault = $3::text,
        error = $4::text,
        cost_usd = case when $3::text = 'unknown_outcome' then coalesce($5::numeric, $7::numeric) else $5::numeric end,
        seed = coalesce($6::bigint, seed),
        finished_at = clock_timestamp()
    where id = $1::bigint and (state = 'sending' or fault = 'unknown_outcome')
    returning leg, token, started_at, reserved_usd, cost_usd
),
settled as (
    update retrato.budget b
    set
        reserved_usd = greatest(0, b.reserved_usd - ended.reserved_usd),
        spent_usd = b.spent_usd + coalesce(
            ended.cost_usd, case when $2::text = 'succeeded' then ended.reserved_usd end, 0
        )
    from ended
    where
        ended.reserved_usd is not null
        and $3::text is distinct from 'unknown_outcome'
        and b.month = date_trunc('month', ended.started_at at time zone 'UTC')::date
)
-- The leg's row before the budget's, as in begin_attempt.sql, or the two would wait in a circle: what nothing reads,
-- such as the part above, Postgres carries out last. The slot may be counted on another leg of the same account.
update retrato.legs l
set slots = l.slots - ended.token::text
from ended
where split_part(l.leg, '/', 1) = split_part(ended.leg, '/', 1) and l.slots ? ended.token::text
