-- Why legs are not called, and until when: a leg has a row for every account (key null), and one for each account that
-- only a person can mend; key is the fingerprint of the account's settings. A row whose time is over stays until a call
-- has succeeded: the next call is the probe, and nobody else calls until probing_until.
create or replace view retrato.leg_suspensions as
select
    l.leg,
    null::text as key,
    l.closed_until as suspended_until,
    l.probing_until,
    l.faults_in_row,
    l.last_fault as fault,
    l.reason
from retrato.legs l
where l.closed_until is not null
union all
select
    l.leg,
    account.key,
    to_timestamp((account.value ->> 'until')::float8),
    to_timestamp((account.value ->> 'probing')::float8),
    (account.value ->> 'faults')::integer,
    account.value ->> 'fault',
    account.value ->> 'reason'
from retrato.legs l
cross join lateral jsonb_each(l.suspended_keys) account;
