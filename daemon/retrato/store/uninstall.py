"""
Take triggers, wrappers and schema ``retrato`` away again. Rows, the flag's column and the pictures stay.

As `migrations.apply` does it: one transaction under the same advisory lock, with a short ``lock_timeout`` and
retries. Nothing is dropped by CASCADE: what others have built on ours is named, and nothing is done.
"""

import asyncpg

from retrato.domain.errors import ConfigError
from retrato.store import rpc
from retrato.store.database import Connection
from retrato.store.mapping import FLAG
from retrato.store.migrations import LOCK_TIMEOUT_S, LOCK_TRIES, Step, exclusively
from retrato.store.queries import query


async def plan(connection: Connection) -> list[Step]:
    """What `uninstall` would do now, in order; nothing where nothing is installed."""
    triggers = await connection.fetch(query("list_triggers"))
    steps = [
        Step(
            f"drop the trigger {row['name']} on {row['table_name']}",
            f'drop trigger "{row["name"]}" on {row["table_name"]}',
            touches_host=True,
        )
        for row in triggers
    ]
    steps += await rpc.farewells(connection)
    steps += [
        Step(f"drop each {row['kind']} of schema retrato", f"drop {row['kind']} {row['names']}")
        for row in await connection.fetch(query("list_our_objects"))
    ]
    if await connection.fetchval("select to_regnamespace('retrato')") is not None:
        steps.append(Step("drop schema retrato", "drop schema retrato"))
    return steps


async def flags_left(connection: Connection) -> list[str]:
    """SQL that drops the flag's column, if it was Retrato that had added it; asked before it is uninstalled."""
    if await connection.fetchval("select to_regclass('retrato.installation')") is None:
        return []
    if not await connection.fetchval("select flag_is_ours from retrato.installation"):
        return []
    tables = {row["table_name"] for row in await connection.fetch(query("list_triggers"))}
    with_flag = "select exists (select from pg_attribute where attrelid = $1::text::regclass and attname = $2)"
    return [
        f"alter table {table} drop column {FLAG}"
        for table in sorted(tables)
        if await connection.fetchval(with_flag, table, FLAG)
    ]


async def live_replicas(connection: Connection, *, seen_within_s: float) -> int:
    """How many replicas have given a sign of life lately; they would stumble over what is gone."""
    if await connection.fetchval("select to_regclass('retrato.replicas')") is None:
        return 0
    return len(await connection.fetch(query("list_replicas"), seen_within_s))


async def uninstall(dsn: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S, tries: int = LOCK_TRIES) -> list[Step]:
    """
    Take everything away, and return what was done; nothing where nothing is installed.

    Raises:
        StoreUnavailableError: no connection, or the host's tables were never free.
        ConfigError: the role has not the right, or something of somebody else depends on ours.

    """
    return await exclusively(dsn, _uninstall, lock_timeout_s=lock_timeout_s, tries=tries)


async def _uninstall(connection: Connection) -> list[Step]:
    steps = await plan(connection)
    try:
        for step in steps:
            await connection.execute(step.sql)
    except asyncpg.InsufficientPrivilegeError as exc:
        raise ConfigError(f"the role of RETRATO_DATABASE_URL may not uninstall: {exc}") from exc
    except asyncpg.DependentObjectsStillExistError as exc:
        raise ConfigError(f"nothing was done, something else depends on schema retrato: {exc.detail}") from exc
    return steps
