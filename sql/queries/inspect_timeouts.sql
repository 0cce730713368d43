-- What the server ends a session or a statement of ours after, as role, database or server have set it.
select name, setting::float8 / 1000 as seconds
from pg_catalog.pg_settings
where
    name in (
        'idle_session_timeout',
        'idle_in_transaction_session_timeout',
        'lock_timeout',
        'statement_timeout',
        'transaction_timeout'
    )
    and setting <> '0'
order by name
