-- After how long the server ends a statement or a transaction of ours, as role, database or server have set it. What
-- ends idle sessions and waits for locks we set ourselves.
select name, setting::float8 / 1000 as seconds
from pg_catalog.pg_settings
where
    name in ('statement_timeout', 'transaction_timeout')
    and setting <> '0'
order by name
