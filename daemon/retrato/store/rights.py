"""
What the daemon's role needs: ``sql/roles.sql`` in this database's words, and what a role lacks of it.

The grants in that file are the one list of them. They stand one a line, so that they can be read by people and
here.
"""

import re
from dataclasses import dataclass

from retrato.domain.errors import ConfigError
from retrato.store.database import Connection
from retrato.store.host import Host, Table, quoted
from retrato.store.host_writes import touched
from retrato.store.patterns import quoted_text
from retrato.store.queries import read, render

_ROLE = re.compile(r"[\w.@-]{1,63}", re.ASCII)
"""What is pasted into a DO block."""
_GRANT = re.compile(
    r"^grant (?P<privileges>[a-z, ]+?)(?: \((?P<columns>.+)\))? "
    r"on (?P<kind>all tables in schema|schema|sequence|function)? ?(?P<name>.+) to ",
    re.MULTILINE,
)
_TABLES = """
select format('retrato.%I', relname)
from pg_class
where relnamespace = to_regnamespace($1) and relkind in ('r', 'v')
"""
_HAS = {
    "schema": "has_schema_privilege($1::text, $2::text)",
    "sequence": "has_sequence_privilege($1::text, $2::text)",
    "function": "has_function_privilege($1::text::regproc::oid, $2::text)",
    "table": "has_table_privilege($1::text, $2::text)",
    "column": "has_column_privilege($1::text, $3::text, $2::text)",
}


@dataclass(frozen=True, slots=True)
class Right:
    """One privilege on one thing; ``column`` only where the thing is a column of a table."""

    privilege: str
    kind: str
    name: str
    column: str = ""

    def __str__(self) -> str:
        where = f"({self.column}) " if self.column else ""
        return f"{self.privilege} {where}on {self.name}"


def roles_sql(host: Host, role: str) -> str:
    """
    The file for *role*, to be run by the owner of the tables.

    Raises:
        ConfigError: no role can have such a name.

    """
    tables = _tables(host)
    words = {
        **_role_words(role),
        "host_grants": "\n".join(_host_grants(host, quoted(role))),
        "host_tables": _array(tables),
        "inserted_tables": _array([host.avatares] if host.avatares is not None else []),
    }
    return render(read("roles.sql"), words)


def backlog_role_sql(role: str) -> str:
    """
    ``sql/backlog_role.sql`` for *role*, to be run by the owner of schema ``retrato``.

    Raises:
        ConfigError: no role can have such a name.

    """
    return render(read("backlog_role.sql"), _role_words(role))


async def lacking(connection: Connection, host: Host) -> list[Right]:
    """What the connection's role lacks of these rights; nothing for the owner."""
    found = []
    for right in await _needed(connection, host):
        has = _HAS["column" if right.column else right.kind]
        column = (right.column,) if right.column else ()
        if not await connection.fetchval(f"select {has}", right.name, right.privilege, *column):
            found.append(right)
            if right.kind == "schema":
                break  # what lies in it cannot even be asked after
    return found


async def _needed(connection: Connection, host: Host) -> list[Right]:
    rights = []
    for match in _GRANT.finditer(roles_sql(host, "anybody")):
        kind = match["kind"] or "table"
        names = [match["name"]]
        if kind == "all tables in schema":
            kind, names = "table", [row[0] for row in await connection.fetch(_TABLES, match["name"])]
        columns = _unquoted(match["columns"]) if match["columns"] else [""]
        rights += [
            Right(privilege, kind, name, column)
            for privilege in match["privileges"].split(", ")
            for name in names
            for column in columns
        ]
    return rights


def _role_words(role: str) -> dict[str, str]:
    if not _ROLE.fullmatch(role):
        raise ConfigError(f"a role should be called like retrato_daemon, and not {role!r}")
    return {"role": quoted(role), "role_name": quoted_text(role)}


def _host_grants(host: Host, role: str) -> list[str]:
    columns = touched(host)
    grants = [f"grant select on {table.name} to {role};" for table in _tables(host)]
    grants.append(_on_columns("update", columns.personas_updated, host.personas, role))
    if host.avatares is not None:
        grants.append(_on_columns("update", columns.avatares_updated, host.avatares, role))
        grants.append(_on_columns("insert", columns.avatares_inserted, host.avatares, role))
    return list(filter(None, grants))


def _on_columns(privilege: str, columns: list[str], table: Table, role: str) -> str:
    if not columns:
        return ""
    return f"grant {privilege} ({', '.join(map(quoted, columns))}) on {table.name} to {role};"


def _tables(host: Host) -> list[Table]:
    return [table for table in (host.personas, host.avatares, host.empresas) if table is not None]


def _unquoted(columns: str) -> list[str]:
    """The names in a list as `_on_columns` writes it."""
    return [column.replace('""', '"') for column in re.findall(r'"((?:[^"]|"")*)"', columns)]


def _array(tables: list[Table]) -> str:
    return f"array[{', '.join(quoted_text(table.name) for table in tables)}]"
