-- What a delayed job waits for, suspensions that belong to an account, and the price of every attempt. Additive.

alter table retrato.jobs
    -- the legs that a delayed job waits for, and 'budget'; empty = its own turn only, null = not said (a release before)
    add column waits_for text[];

alter table retrato.legs
    -- what only a person can mend, by the fingerprint of the account's settings: faults in a row, until and probing in
    -- epoch seconds, fault, reason. The columns beside it hold for every account.
    add column suspended_keys jsonb not null default '{}';

alter table retrato.installation
    -- so that a fingerprint tells nothing outside this database
    add column key_salt uuid not null default gen_random_uuid();

alter table retrato.attempts
    -- the estimate when the attempt began, also without a budget: a budget that is set later counts it
    add column price_usd numeric(12, 6);
