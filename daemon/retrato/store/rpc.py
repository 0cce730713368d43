"""
Wrapper functions for PostgREST, in a schema that it exposes: ``supabase.rpc('request_company', …)`` finds them.

Schema ``retrato`` is not exposed and need not be. The wrappers (``sql/rpc/``) run with their owner's rights, may
be executed by the roles that were named alone, and bear a comment by which they are known again:
nothing else of the application is ever replaced or dropped.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import asyncpg

from retrato.domain.errors import ConfigError
from retrato.store.database import Connection, connected
from retrato.store.host import quoted
from retrato.store.migrations import LOCK_KEY, Step
from retrato.store.patterns import quoted_text
from retrato.store.queries import query, read, render

NAMES = ("avatar_status", "request", "request_company")
"""One file of ``sql/rpc`` each."""
MARK = "Written by `retrato migrate --rpc`; `retrato uninstall` drops it."
_ARGUMENTS = {"avatar_status": "text", "request": "text[], boolean", "request_company": "text, boolean"}
_BODY = re.compile(r"as \$\$(.*?)\$\$;", re.DOTALL)
_NOT_FOR_THESE = {"retrato", "information_schema"}
_RELOAD = "notify pgrst, 'reload schema'"
"""PostgREST keeps the functions in memory and listens for this; nobody else does."""
_MAY_CALL = """
select has_schema_privilege('retrato', 'usage')
    and has_function_privilege('retrato.request(text[], boolean)', 'execute')
    and has_function_privilege('retrato.request_company(text, boolean)', 'execute')
    and has_table_privilege('retrato.persona_status', 'select')
"""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The schema for the wrappers, and the roles that may execute them; names as in the catalogue, not quoted."""

    schema: str
    roles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    schema_name: str
    name: str
    signature: str
    is_ours: bool
    body: str
    is_guarded: bool
    owner: str
    grantees: Sequence[str]

    @property
    def is_current(self) -> bool:
        """Whether it does what this release would write."""
        return self.is_guarded and self.body == _body(self.name) and "public" not in self.grantees

    def is_for(self, roles: Collection[str]) -> bool:
        """Whether these roles may execute it, beside its owner, and no others."""
        return set(self.grantees) == set(roles) - {self.owner}


async def require(connection: Connection, wanted: Exposure) -> list[str]:
    """
    Let pass a schema and roles that are there; returns those roles that may not use the schema.

    Raises:
        ConfigError: they are not, or functions of somebody else have these names there.

    """
    if wanted.schema in _NOT_FOR_THESE or wanted.schema.startswith("pg_"):
        raise ConfigError(
            f"--rpc wants a schema of the application that PostgREST exposes, and not {wanted.schema!r}"
        )
    place = await connection.fetchrow(query("inspect_rpc_place"), wanted.schema, list(wanted.roles))
    assert place is not None
    if not place["has_schema"]:
        raise ConfigError(f"--rpc names the schema {wanted.schema!r}, and the database has none of that name")
    if place["unknown_roles"]:
        raise ConfigError(f"--grant names a role that does not exist: {', '.join(place['unknown_roles'])}")
    taken = [one.signature for one in await _functions(connection, wanted.schema) if not one.is_ours]
    if taken:
        raise ConfigError(
            f"{', '.join(taken)} is there already and is not Retrato's: rename it, or take another schema"
        )
    return list(place["shut_out"])


async def plan(connection: Connection, wanted: Exposure | None = None) -> list[Step]:
    """
    What `apply` would do now.

    Without *wanted*: write those anew that are there and are not this release's; each keeps the roles that it has.
    """
    there = [one for one in await _functions(connection) if one.is_ours]
    if wanted is None:
        steps = [
            _step(one.schema_name, one.name, [role for role in one.grantees if role != "public"])
            for one in there
            if not one.is_current
        ]
    else:
        right = {
            one.name
            for one in there
            if one.schema_name == wanted.schema and one.is_current and one.is_for(wanted.roles)
        }
        steps = [_step(wanted.schema, name, wanted.roles) for name in NAMES if name not in right]
    return [*steps, Step("tell PostgREST of it", _RELOAD)] if steps else []


async def what_is_missing(connection: Connection, wanted: Exposure | None = None) -> list[str]:
    """What `apply` would mend, in words; empty where it would do nothing."""
    steps = await plan(connection, wanted)
    return [f"not done for PostgREST: {step.words}" for step in steps if step.sql != _RELOAD]


async def farewells(connection: Connection) -> list[Step]:
    """What takes all wrappers away."""
    return [
        Step(f"drop the function {one.signature}", f"drop function {one.signature}")
        for one in await _functions(connection)
        if one.is_ours
    ]


async def apply(dsn: str, wanted: Exposure | None = None) -> list[Step]:
    """
    Write the wrappers, in one transaction, and return what was done. Safe to repeat and to race.

    Raises:
        StoreUnavailableError: no connection.
        ConfigError: as `require`, or the role may not do it.

    """
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
        if wanted is not None:
            await require(connection, wanted)
        steps = await plan(connection, wanted)
        if not steps:
            return []
        try:
            for step in steps:
                await connection.execute(step.sql)
            may_call = await connection.fetchval(_MAY_CALL)
        except asyncpg.InsufficientPrivilegeError as exc:
            raise ConfigError(f"the role of RETRATO_DATABASE_URL may not write functions there: {exc}") from exc
        if not may_call:
            raise ConfigError(
                "the role of RETRATO_DATABASE_URL may not call retrato.request(), so its wrapper could not: take "
                "the role that has migrated"
            )
        return steps


async def _functions(connection: Connection, schema: str | None = None) -> list[_Function]:
    rows = await connection.fetch(query("list_rpc_functions"), list(NAMES), MARK)
    return [_Function(**dict(row)) for row in rows if schema in {None, row["schema_name"]}]


def _step(schema: str, name: str, roles: Sequence[str]) -> Step:
    function = f"{quoted(schema)}.{quoted(name)}({_ARGUMENTS[name]})"
    text = render(read(f"rpc/{name}.sql"), {"schema": quoted(schema)})
    # The words of a string in SQL: a schema may be called as it likes.
    literal = quoted_text(function)
    rights = {"mark": MARK, "function_name": literal, "function": function}
    sql = f"{text}\n{render(read('rpc/rights.sql'), rights)}"
    grantees = ", ".join(map(quoted, roles))
    if grantees:
        sql += f"grant execute on function {function} to {grantees};\n"
    return Step(f"create or replace the function {function} for {', '.join(roles) or 'nobody'} alone", sql)


@cache
def _body(name: str) -> str:
    found = _BODY.search(read(f"rpc/{name}.sql"))
    assert found is not None
    return found[1]
