-- Whether a login of the console was ended before its time.
-- $1 the login's id
select exists (select from retrato.console_logouts where session_id = $1::text) as ended
