-- Wait for whoever is counting earlier attempts into the budget: it takes him a moment. Without parameters, since it is
-- more than one statement.
set local lock_timeout = '10s';
select pg_advisory_xact_lock({budget_key});
set local lock_timeout = '500ms'
