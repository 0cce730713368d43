-- Limits per leg, half-open breakers, resumable attempts, and the month's money. Additive: release 0.1's first
-- schema keeps working beside it.

alter table retrato.legs
    -- the leg's own pace: not before
    add column next_at timestamptz,
    -- after a closed time one call probes; until this moment nobody else calls
    add column probing_until timestamptz,
    -- calls under way: fence of the job → when the slot is free again whatever happens (epoch seconds)
    add column slots jsonb not null default '{}';

alter table retrato.attempts
    -- everything that a successor needs to finish what was begun: prompt, sizes, steps, guidance
    add column ordered jsonb not null default '{}',
    add column thumbnail_key text,
    -- what was set aside of the month's budget; settled when the attempt ends
    add column reserved_usd numeric(12, 6);

create index attempts_by_time on retrato.attempts (started_at);

-- One month a row (UTC). What may be owed is reserved before the call, so the sum is never more than the budget.
create table retrato.budget (
    month date primary key,
    reserved_usd numeric(14, 6) not null default 0,
    spent_usd numeric(14, 6) not null default 0
) with (fillfactor = 50);
