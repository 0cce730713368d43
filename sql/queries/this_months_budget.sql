-- What is spent and set aside of this month's budget (UTC); no row where no budget was ever set this month.
select month, spent_usd::float8 as spent_usd, reserved_usd::float8 as reserved_usd
from retrato.budget
where month = date_trunc('month', now() at time zone 'UTC')::date
