-- Attempts of long ago that nobody will ever bring home: their persona was deleted, or its job was cancelled. What was
-- set aside for them stays so: they may have been charged.
-- $1 hours
update retrato.attempts a
set
    state = 'failed',
    fault = 'unknown_outcome',
    error = 'nobody lived to hear the answer',
    cost_usd = coalesce(cost_usd, reserved_usd, price_usd),
    finished_at = clock_timestamp()
where
    a.state = 'sending'
    and a.started_at < now() - make_interval(hours => $1::integer)
    and not exists (
        select from retrato.jobs j where j.persona_id = a.persona_id and j.state in ('queued', 'running')
    )
