"""
What is installed, compared with what should be: functions and their bodies, triggers, the view, tables, columns.

`migrations.what_is_missing` tells what a daemon cannot begin without; here is what it can work without, but what
makes it miss something: a trigger that is disabled, a function that somebody has replaced.
"""

import re
from collections.abc import Sequence

from retrato.domain.errors import ConfigError
from retrato.store.database import Connection
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.migrations import expected_triggers, migrations, rendered_functions, standing, what_is_missing
from retrato.store.queries import query

_FUNCTION = re.compile(
    r"^create or replace function retrato\.(\w+)\(.*?^as \$\$(.*?)\$\$;", re.MULTILINE | re.DOTALL
)
_VIEW = re.compile(r"^create or replace view retrato\.(\w+)", re.MULTILINE)
_CREATED = re.compile(r"^create (table|sequence) retrato\.(\w+)", re.MULTILINE)


async def drift(connection: Connection, mapping: HostMapping | None = None) -> list[str]:
    """
    What is not as it should be, in words; empty when all is. Reads catalogues only, in a few milliseconds.

    Raises:
        NotMigratedError: a migration that ran here was another one than this release carries.

    """
    stands = await standing(connection)
    if stands.detached:
        return ["Retrato is detached from the application's tables: run `retrato migrate --attach`"]
    try:
        missing = await what_is_missing(connection, mapping)
    except ConfigError as exc:
        return [str(exc)]
    if stands.is_ahead or not stands.schema:
        return missing
    host = await Host.read(connection, mapping)
    return [*missing, *await _objects(connection, host), *await _triggers(connection, host)]


async def _objects(connection: Connection, host: Host) -> list[str]:
    there: dict[tuple[str, str], set[str]] = {}
    for row in await connection.fetch(query("list_installed")):
        there.setdefault((row["kind"], row["name"]), set()).add(row["body"])
    text = rendered_functions(host)
    expected = [*_CREATED.findall("\n".join(one.sql for one in migrations()))]
    expected += [("view", name) for name in _VIEW.findall(text)]
    found = [f"{kind} retrato.{name} is missing" for kind, name in expected if (kind, name) not in there]
    for name, body in _FUNCTION.findall(text):
        bodies = there.get(("function", name))
        if bodies is None:
            found.append(f"function retrato.{name} is missing")
        elif body not in bodies:
            found.append(f"function retrato.{name} was changed")
    return found


async def _triggers(connection: Connection, host: Host) -> list[str]:
    missing, disabled = await triggers(connection, host)
    return [
        *(f"the trigger {one} is missing" for one in missing),
        *(f"the trigger {one} is disabled" for one in disabled),
    ]


async def triggers(connection: Connection, host: Host) -> tuple[Sequence[str], Sequence[str]]:
    """Our triggers that should be on the host's tables and are not, and those that are disabled."""
    rows = await connection.fetch(query("list_triggers"))
    there = {(row["name"], row["table_name"]): row["is_enabled"] for row in rows}
    expected = expected_triggers(host)
    named = {one: f"{one[0]} on {one[1]}" for one in expected}
    return (
        [named[one] for one in expected if one not in there],
        [named[one] for one in expected if there.get(one) is False],
    )
