-- Logging out of the console ends a login for all replicas (docs/decisions/0014): logins are signed and remembered
-- nowhere, so that what is remembered is which of them hold no more.

create table retrato.console_logouts (
    -- of the login; good for nothing without its signature
    session_id text primary key,
    -- by then no copy of it can be good any more
    forget_at timestamptz not null
);
