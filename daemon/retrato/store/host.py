"""
The host's tables as they really are, and the words that the SQL files take from them.

Only columns that exist are named; every identifier comes from the catalogue and is quoted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from retrato.domain.errors import ConfigError
from retrato.store.database import Connection
from retrato.store.mapping import INACTIVE, KEYS, MANY_ROWS, READ, WRITTEN, HostMapping
from retrato.store.mapping_effect import without_effect

_COLUMNS = """
select wanted.name as asked, c.relname as table_name, n.nspname as schema_name,
       a.attname as column_name, format_type(a.atttypid, a.atttypmod) as type
from unnest($1::text[]) as wanted(name)
join pg_class c on c.oid = to_regclass(wanted.name) and c.relkind in ('r', 'p')
join pg_namespace n on n.oid = c.relnamespace and n.nspname <> 'retrato'
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
order by wanted.name, a.attnum
"""


def quoted(identifier: str) -> str:
    """An identifier as SQL wants it, whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Table:
    """A host table: quoted full name, and its columns with their types."""

    name: str
    columns: Mapping[str, str]

    def has(self, column: str) -> bool:
        """Whether the column exists."""
        return column in self.columns

    def first(self, candidates: Sequence[str]) -> str | None:
        """The first of *candidates* that exists."""
        return next((column for column in candidates if column in self.columns), None)

    def existing(self, candidates: Sequence[str]) -> list[str]:
        """Those of *candidates* that exist."""
        return [column for column in candidates if column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """
    The host's tables; ``avatares`` and ``empresas`` may be missing.

    ``many_rows``: the table of avatars keeps a row for every version, one of them active.
    """

    personas: Table
    avatares: Table | None
    empresas: Table | None
    many_rows: bool = False
    mapping: HostMapping = field(default_factory=HostMapping)

    @classmethod
    async def read(cls, connection: Connection, mapping: HostMapping | None = None) -> "Host":
        """
        Look the tables up where the connection's search_path finds them.

        Raises:
            ConfigError: there is no such table of personas with a key and a name, a column that was named is not
                there, or nothing could ever be ready.

        """
        mapping = mapping or HostMapping()
        tables = await _read_tables(connection, [mapping.personas, mapping.empresas, *mapping.avatares_tables()])
        personas = tables.get(mapping.personas)
        if personas is None:
            raise ConfigError(
                f"the database has no table `{mapping.personas}` in its search_path: is RETRATO_DATABASE_URL the "
                "application's database, or should [host] in retrato.toml name another table?"
            )
        avatares = next((name for name in mapping.avatares_tables() if name in tables), None)
        host = cls(
            personas=personas,
            avatares=tables[avatares] if avatares is not None else None,
            empresas=tables.get(mapping.empresas),
            many_rows=avatares is not None and avatares.rpartition(".")[2] == MANY_ROWS,
            mapping=mapping,
        )
        host.require()
        return host

    def require(self) -> None:
        """Raise ConfigError where the tables cannot be worked with."""
        for told, table in (
            (self.mapping.columns, self.personas),
            (self.mapping.avatares_columns, self.avatares),
            (self.mapping.empresas_columns, self.empresas),
        ):
            missing = sorted({column for column in told.values() if table and column and not table.has(column)})
            if missing:
                raise ConfigError(f"[host] in retrato.toml names columns that do not exist: {', '.join(missing)}")
        vain = without_effect(self)
        if vain:
            raise ConfigError(f"[host] in retrato.toml can have no effect: {'; '.join(vain)}")
        if self.key("id") is None or not self.fields("name"):
            raise ConfigError(
                f"{self.personas.name} has no key (id) or no name ({', '.join(READ['name'])}): is "
                "RETRATO_DATABASE_URL the application's database? [host.columns] in retrato.toml may name them"
            )
        if self.mapping.ready_when == "prompt" and not self.prompts() and not self.fields("ready_prompt"):
            raise ConfigError("RETRATO_READY_WHEN is prompt, but no column could hold the application's prompt")

    def key(self, name: str) -> str | None:
        """The column of the personas' table for one of KEYS; None where there is none."""
        return self.personas.first(self.mapping.candidates(name, KEYS))

    def fields(self, name: str) -> list[str]:
        """The columns of the personas' table that may hold a field of READ."""
        return self.personas.existing(self.mapping.candidates(name, READ))

    def inactive_columns(self, name: str) -> list[str]:
        """The columns of the personas' table that may take a persona out of use, for a field of INACTIVE."""
        return self.personas.existing(self.mapping.candidates(name, INACTIVE))

    def outputs(self, name: str) -> list[str]:
        """The columns of the personas' table that are written for a field of WRITTEN."""
        return self.personas.existing(self.mapping.candidates(name, WRITTEN))

    @property
    def generation(self) -> str:
        """Which of the known shapes this is: ``a``, ``b``, ``c`` or ``single``."""
        if self.avatares is None:
            return "single"
        return "b" if self.many_rows else "a" if self.avatares.has("metadados") else "c"

    def avatares_fields(self, name: str) -> list[str]:
        """The columns of the table of avatars that may hold a field of READ_FROM_AVATARES."""
        if self.avatares is None or self.avatares_key is None:
            return []
        return self.avatares.existing(self.mapping.avatares_candidates(name))

    def empresas_fields(self, name: str) -> list[str]:
        """The columns of the table of companies that may hold a field of READ_FROM_EMPRESAS."""
        return self.empresas.existing(self.mapping.empresas_candidates(name)) if self.empresas is not None else []

    def prompts(self) -> list[str]:
        """The columns of the table of avatars that hold the application's ready prompt."""
        return self.avatares_fields("ready_prompt")

    @property
    def id_column(self) -> str:
        """Column of a persona's key."""
        column = self.key("id")
        assert column is not None  # require() has seen to it
        return column

    @property
    def id_type(self) -> str:
        """SQL type of a persona's key."""
        return self.personas.columns[self.id_column]

    @property
    def avatares_key(self) -> str | None:
        """Column of the table of avatars that names the persona."""
        told = self.mapping.avatares_columns.get("persona_id", "persona_id")
        return told if self.avatares is not None and self.avatares.has(told) else None

    def key_in_avatares(self, alias: str) -> str:
        """The key of the persona *alias* as the table of avatars holds it: not everywhere the same type."""
        assert self.avatares is not None
        assert self.avatares_key is not None
        key, type_there = f"{alias}.{quoted(self.id_column)}", self.avatares.columns[self.avatares_key]
        return key if type_there == self.id_type else f"{key}::text::{type_there}"

    def of_persona(self, alias: str, avatar: str = "pa") -> str:
        """Condition for rows *avatar* of the table of avatars that belong to the persona *alias*."""
        assert self.avatares_key is not None
        return f"{avatar}.{quoted(self.avatares_key)} = {self.key_in_avatares(alias)}"


async def _read_tables(connection: Connection, names: Sequence[str]) -> dict[str, Table]:
    """The tables among *names* that exist, by the name that was asked for."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for row in await connection.fetch(_COLUMNS, list(dict.fromkeys(filter(None, names)))):
        full_name = f"{quoted(row['schema_name'])}.{quoted(row['table_name'])}"
        found.setdefault(row["asked"], (full_name, {}))[1][row["column_name"]] = row["type"]
    return {asked: Table(*table) for asked, table in found.items()}
