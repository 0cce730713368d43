"""
Detach Retrato from the application's tables, so that the application may do to them what it likes.

Triggers go, and the view shows what our own tables tell; queue, versions and pictures stay. Daemons wait until
`migrations.apply` has put everything back; what came meanwhile is found by the sweep. The view is replaced and not
dropped: rights on it, and what applications have built on it, stay.
"""

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError
from retrato.store.database import Connection
from retrato.store.host import quoted
from retrato.store.listening import CHANNEL, MIGRATED
from retrato.store.migrations import LOCK_TIMEOUT_S, LOCK_TRIES, Step, exclusively
from retrato.store.queries import query

_VIEW_COLUMNS = """
select
    a.attname as name,
    format_type(a.atttypid, a.atttypmod) as type,
    case when a.attcollation <> 0 then (
        select format('%I.%I', n.nspname, c.collname)
        from pg_collation c
        join pg_namespace n on n.oid = c.collnamespace
        where c.oid = a.attcollation
    ) end as collation
from pg_attribute a
where a.attrelid = to_regclass('retrato.persona_status') and a.attnum > 0
order by a.attnum
"""


async def plan(connection: Connection) -> list[Step]:
    """What `detach` would do now, in order; nothing where it is done already."""
    if await connection.fetchval("select to_regclass('retrato.installation')") is None:
        raise NotMigratedError("schema retrato is not installed: there is nothing to detach")
    steps = [
        Step(
            f"drop the trigger {row['name']} on {row['table_name']}",
            f"drop trigger if exists {quoted(row['name'])} on {row['table_name']}",
            touches_host=True,
        )
        for row in await connection.fetch(query("list_triggers"))
    ]
    columns = await connection.fetch(_VIEW_COLUMNS)
    if columns:
        steps.append(
            Step("let retrato.persona_status show what Retrato's own tables tell", _view_of_ours(columns))
        )
    return steps


def _view_of_ours(columns: list[asyncpg.Record]) -> str:
    # The types and collations that the view has: another one would be refused.
    ours = query("own_states")
    selected = ",\n".join(
        f"    s.{quoted(c['name'])}::{c['type']}{' collate ' + c['collation'] if c['collation'] else ''}"
        f" as {quoted(c['name'])}"
        for c in columns
    )
    return f"create or replace view retrato.persona_status as\nselect\n{selected}\nfrom (\n{ours}) s"


async def detach(dsn: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S, tries: int = LOCK_TRIES) -> list[Step]:
    """
    Detach, and return what was done. Safe to repeat and to race.

    Raises:
        StoreUnavailableError: no connection, or the host's tables were never free.
        ConfigError: the role has not the right.
        NotMigratedError: nothing is installed, or not by this release.

    """
    return await exclusively(dsn, _detach, lock_timeout_s=lock_timeout_s, tries=tries)


async def _detach(connection: Connection) -> list[Step]:
    steps = await plan(connection)
    try:
        for step in steps:
            await connection.execute(step.sql)
        await connection.execute("update retrato.installation set detached_at = coalesce(detached_at, now())")
    except asyncpg.UndefinedColumnError as exc:
        raise NotMigratedError("this schema is older than detaching: run `retrato migrate` first") from exc
    except asyncpg.InsufficientPrivilegeError as exc:
        raise ConfigError(f"the role of RETRATO_DATABASE_URL may not detach: {exc}") from exc
    await connection.execute("select pg_notify($1, $2)", CHANNEL, MIGRATED)
    return steps
