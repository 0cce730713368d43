"""
The addresses of pictures: a prefix, under which browsers find them, a slash and the picture's key.

Today's prefix stands in the database, so that the view, `restore` and the triggers build addresses as the
write-back does. What the application's rows hold was built with the prefix of its day, and is rewritten when
somebody asks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from retrato.domain.errors import ConfigError
from retrato.store.database import Database
from retrato.store.host import Host, Table, quoted
from retrato.store.host_writes import address_places
from retrato.store.queries import host_query, query

# What `storage.keys` makes; an application may have added what a cache looks at.
_KEY = (
    r"^([A-Za-z0-9_-]{1,64}|h\.[0-9a-f]{40})/([A-Za-z0-9_-]{1,64}|h\.[0-9a-f]{40})"
    r"/v[0-9]{1,10}-[0-9]{1,19}-[0-9a-f]{16}(_thumb)?\.jpg($|[?#])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many rows were ``found`` and ``rewritten``; ``position`` is the last key, None where none was found."""

    found: int
    rewritten: int
    position: str | None


@dataclass(frozen=True, slots=True)
class _Statements:
    """For one table of the application."""

    table: str
    first: str
    next: str
    count: str


class Addresses:
    """Prefixes have no slash at their end."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        self._statements = {one.table: one for one in _statements(host)}

    @property
    def tables(self) -> Sequence[str]:
        """The application's tables, quoted, that hold addresses."""
        return list(self._statements)

    async def today(self) -> str | None:
        """Today's prefix; None before a daemon has kept one."""
        row = await self._database.fetchrow(query("read_public_url"))
        return row["url"] if row is not None else None

    async def keep(self, public_url: str) -> None:
        """From now on *public_url* is today's prefix, for all who read this database."""
        await self._database.execute(query("keep_public_url"), public_url)

    async def old_prefixes(self, public_url: str) -> list[str]:
        """Every prefix but *public_url* that an address of ours has had, the longest first."""
        rows = await self._database.fetch(query("list_public_urls"))
        return [row["url"] for row in rows if row["url"] != public_url]

    async def count(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Prefix → how many rows of the application hold an address of ours that begins so; not those of none."""
        counted: Counter[str] = Counter()
        if prefixes:
            for one in self._statements.values():
                for row in await self._database.fetch(one.count, list(prefixes)):
                    counted[row["url"]] += row["rows"]
        return counted

    async def rewrite(
        self, table: str, position: str, *, prefixes: Sequence[str], public_url: str, limit: int
    ) -> Step:
        """
        Give up to *limit* rows of *table* behind the key *position* (empty = from the first) today's addresses.

        Raises:
            RowLockedError: an application held what the rows' own triggers need; nothing was written.
            ConfigError: the table does not take them (a right, a constraint, a trigger of theirs).
            StoreUnavailableError: nobody answers; where it names a COMMIT, the step may have been carried out.

        """
        statements = self._statements[table]
        sql = statements.next if position else statements.first
        try:
            row = await self._database.write(sql, position, limit, list(prefixes), public_url)
        except asyncpg.PostgresError as exc:
            raise ConfigError(f"{table} does not take the addresses: {exc.args[0]}") from exc
        assert row is not None
        return Step(found=row["found"], rewritten=row["rewritten"], position=row["position"])


def _statements(host: Host) -> list[_Statements]:
    columns: dict[str, list[str]] = {}
    tables: dict[str, Table] = {}
    for table, column in address_places(host):
        tables[table.name] = table
        columns.setdefault(table.name, []).append(column)
    keys = {host.personas.name: host.id_column}
    if host.avatares is not None and host.avatares_key is not None:
        keys[host.avatares.name] = host.avatares_key
    return [_of_table(tables[name], key, columns[name]) for name, key in keys.items() if name in tables]


def _of_table(table: Table, key: str, columns: Sequence[str]) -> _Statements:
    has_address = " or ".join(f"({_is_ours(column, key)})" for column in dict.fromkeys(columns))
    rewritten = [
        f"{quoted(c)} = coalesce((select $4::text || substr(t.{quoted(c)}::text, length(o.url) + 1) "
        f"from unnest($3::text[]) as o(url) where {_is_ours(c, key)} limit 1), t.{quoted(c)}::text)"
        for c in dict.fromkeys(columns)
    ]
    words = {
        "table": table.name,
        "key": quoted(key),
        "has_old_address": f"exists (select from unnest($3::text[]) as o(url) where {has_address})",
        "rewritten": ", ".join(rewritten),
        "has_address": f"({has_address})",
    }
    behind = f"t.{quoted(key)} > $1::text::{table.columns[key]}"
    return _Statements(
        table=table.name,
        first=host_query("rewrite_addresses", {**words, "behind_position": "$1::text = ''"}),
        next=host_query("rewrite_addresses", {**words, "behind_position": behind}),
        count=host_query("count_addresses", words),
    )


def _is_ours(column: str, key: str) -> str:
    """Whether a column of the row ``t`` holds an address that Retrato built with the prefix ``o.url``."""
    address = f"t.{quoted(column)}::text"
    rest = f"substr({address}, length(o.url) + 2)"
    version = f"a.persona_id = t.{quoted(key)}::text and {rest} in (a.image_key, a.thumbnail_key)"
    return (
        f"starts_with({address}, o.url || '/') "
        f"and ({rest} ~ '{_KEY}' or exists (select from retrato.avatars a where {version}))"
    )
