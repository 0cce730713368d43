-- A login of the console holds no more; those that would have ended by themselves meanwhile are forgotten.
-- $1 the login's id   $2 for how many seconds to remember it
with forgotten as (
    delete from retrato.console_logouts
    where forget_at < now()
)
insert into retrato.console_logouts (session_id, forget_at)
values ($1::text, now() + make_interval(secs => $2::float8))
on conflict do nothing
