"""
The host's tables as they really are, and the words that the SQL files take from them.

Only columns that exist are named; every identifier comes from the catalogue and is quoted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrato.domain.errors import ConfigError
from retrato.store.catalogue import WRITABLE_KINDS, Key, Table, quoted, read_key, read_tables
from retrato.store.database import Connection
from retrato.store.mapping import FLAG, INACTIVE, KEYS, MANY_ROWS, READ, WRITTEN, HostMapping
from retrato.store.mapping_effect import without_effect
from retrato.store.queries import query

__all__ = ["Host", "Table", "quoted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """
    The host's tables; ``avatares`` and ``empresas`` may be missing.

    ``many_rows``: the table of avatars keeps a row for every version, one of them active. ``id_key`` is a
    persona's key, ``avatares_id_key`` the column of the table of avatars that names the persona.
    """

    personas: Table
    avatares: Table | None
    empresas: Table | None
    id_key: Key
    avatares_id_key: Key | None
    many_rows: bool = False
    mapping: HostMapping = field(default_factory=HostMapping)

    @classmethod
    async def read(cls, connection: Connection, mapping: HostMapping | None = None) -> "Host":
        """
        Look the tables up where the connection's search_path finds them.

        Raises:
            ConfigError: there is no such table of personas with a key of its own and a name, a column that was
                named is not there, something is there that is no table, or nothing could ever be ready.

        """
        mapping = mapping or HostMapping()
        tables = await read_tables(
            connection, [*mapping.personas_tables(), *mapping.empresas_tables(), *mapping.avatares_tables()]
        )
        personas = next((tables[name] for name in mapping.personas_tables() if name in tables), None)
        if personas is None:
            raise ConfigError(
                f"the database has no table `{mapping.personas_tables()[0]}` in its search_path"
                f"{await _meant(connection)}: is RETRATO_DATABASE_URL the application's database, or should "
                "[host] in retrato.toml name another table?"
            )
        avatares = next((name for name in mapping.avatares_tables() if name in tables), None)
        avatares_table = tables[avatares] if avatares is not None else None
        _require_tables(personas, avatares_table)
        empresas = await _company_table(connection, mapping, personas, tables)
        _require_columns(mapping, personas, avatares_table, empresas)
        id_column = personas.first(mapping.candidates("id", KEYS))
        assert id_column is not None
        key_there = mapping.avatares_columns.get("persona_id", "persona_id")
        host = cls(
            personas=personas,
            avatares=avatares_table,
            empresas=empresas,
            id_key=await read_key(connection, personas, id_column),
            avatares_id_key=await read_key(connection, avatares_table, key_there)
            if avatares_table is not None and avatares_table.has(key_there)
            else None,
            many_rows=avatares is not None and avatares.rpartition(".")[2] == MANY_ROWS,
            mapping=mapping,
        )
        host.require()
        return host

    def require(self) -> None:
        """Raise ConfigError where the tables cannot be worked with."""
        vain = without_effect(self)
        if vain:
            raise ConfigError(f"[host] in retrato.toml can have no effect: {'; '.join(vain)}")
        _require_key(self)
        _require_kinds(self)
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
        return list(filter(self.personas.takes, self.mapping.candidates(name, WRITTEN)))

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
        """SQL type of a persona's key, as a text is cast to it before it is compared."""
        return self.id_key.type

    @property
    def avatares_key(self) -> str | None:
        """Column of the table of avatars that names the persona."""
        told = self.mapping.avatares_columns.get("persona_id", "persona_id")
        return told if self.avatares is not None and self.avatares.has(told) else None

    def key_in_avatares(self, alias: str) -> str:
        """The key of the persona *alias* as the table of avatars holds it: not everywhere the same type."""
        assert self.avatares_id_key is not None
        key = f"{alias}.{quoted(self.id_column)}"
        return key if self.avatares_id_key.type == self.id_type else f"{key}::text::{self.avatares_id_key.type}"

    def of_persona(self, alias: str, avatar: str = "pa") -> str:
        """Condition for rows *avatar* of the table of avatars that belong to the persona *alias*."""
        assert self.avatares_key is not None
        assert self.avatares_id_key is not None
        return f"{avatar}.{quoted(self.avatares_key)} {self.avatares_id_key.equals} {self.key_in_avatares(alias)}"


def _require_tables(personas: Table, avatares: Table | None) -> None:
    for what, reason, table in (("personas", "triggers", personas), ("avatares", "rows", avatares)):
        if table is None:
            continue
        if table.kind not in WRITABLE_KINDS:
            raise ConfigError(
                f"the database has no table `{what}`: {table.name} is a {table.kind}, and Retrato needs a table, "
                f"for its {reason}. [host] in retrato.toml may name the one behind it as {what}"
            )
        if table.heirs:
            raise ConfigError(
                f"other tables inherit from {table.name} ({', '.join(table.heirs)}): their rows are shown in it, "
                "but have neither its key nor its triggers. Make them partitions, or name one of them in [host]"
            )


def _require_columns(
    mapping: HostMapping, personas: Table, avatares: Table | None, empresas: Table | None
) -> None:
    for told, table in (
        (mapping.columns, personas),
        (mapping.avatares_columns, avatares),
        (mapping.empresas_columns, empresas),
    ):
        missing = sorted({column for column in told.values() if table and column and not table.has(column)})
        if missing:
            raise ConfigError(f"[host] in retrato.toml names columns that do not exist: {', '.join(missing)}")
    if not personas.first(mapping.candidates("id", KEYS)) or not personas.first(mapping.candidates("name", READ)):
        raise ConfigError(
            f"{personas.name} has no key (id) or no name ({', '.join(READ['name'])}): is "
            "RETRATO_DATABASE_URL the application's database? [host.columns] in retrato.toml may name them"
        )


def _require_key(host: Host) -> None:
    """A key that is one row's alone, in every session: two rows with one key would share a face."""
    key, where = host.id_key, f"the key of {host.personas.name}, {quoted(host.id_column)},"
    other = "or [host.columns] in retrato.toml names another column as id"
    if not key.holds_text:
        raise ConfigError(
            f"{where} is of type {host.personas.columns[host.id_column]}, which is not the same text everywhere: "
            f"it may be a uuid, a whole number, numeric, an enum or a text, {other}"
        )
    collation = host.personas.details[host.id_column].collation
    if collation is not None:
        raise ConfigError(
            f"{where} has the collation {collation}: keys are compared byte by byte. Leave it the "
            f'database\'s own or "C", {other}'
        )
    if not key.unique:
        reasons = "; ".join(key.reasons) or "no unique index is on it"
        raise ConfigError(
            f"{where} is not unique by itself ({reasons}): two rows would share one face. It needs a primary key "
            f"or a unique index on that column alone, {other}"
        )
    if key.nullable:
        raise ConfigError(
            f"{where} may be null: alter table {host.personas.name} alter column {quoted(host.id_column)} set not "
            f"null, {other}"
        )


def _require_kinds(host: Host) -> None:
    """The flag is a boolean, and addresses are texts."""
    flag = host.personas.details.get(FLAG)
    if flag is not None and (flag.type != "boolean" or flag.is_computed):
        kind = "computed by the database" if flag.is_computed else f"of type {flag.type}"
        raise ConfigError(
            f"{host.personas.name} has a column {FLAG} that is {kind}: Retrato raises and lowers it as its flag, "
            "a boolean. Rename yours"
        )
    for name in ("avatar_url", "thumbnail_url"):
        for column in host.outputs(name):
            if not host.personas.details[column].is_text:
                raise ConfigError(
                    f"the column {quoted(column)} of {host.personas.name} is of type "
                    f"{host.personas.columns[column]}, and an address is a text: [host.columns] in retrato.toml "
                    f"may name another {name}, or none"
                )


async def _company_table(
    connection: Connection, mapping: HostMapping, personas: Table, tables: Mapping[str, Table]
) -> Table | None:
    """The table of companies; where several could be it, the one to which the personas' foreign key leads."""
    there = [tables[name] for name in mapping.empresas_tables() if name in tables]
    column = personas.first(mapping.candidates("empresa_id", KEYS))
    if len(there) > 1 and column is not None:
        led_to = await connection.fetch(query("read_references"), personas.name, column)
        there = [table for table in there if table.name in {row["table_name"] for row in led_to}] or there
    return there[0] if there else None


async def _meant(connection: Connection) -> str:
    """Tables that might have been meant, in words."""
    names = [row["name"] for row in await connection.fetch(query("guess_personas"))]
    return f", but has {', '.join(names)}" if names else ""
