-- The probe of a leg had an answer that was about the prompt: the leg is as it was, and the next call may probe.
-- $1 leg
update retrato.legs
set probing_until = null
where leg = $1::text and probing_until is not null
