"""
The host's tables as they really are, and the words that the SQL files take from them.

Only columns that exist are named; every identifier comes from the catalogue and is quoted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrato.domain.errors import ConfigError
from retrato.store.database import Connection

PERSONAS = "personas"
AVATARES = "personas_avatares"
EMPRESAS = "empresas"
FLAG = "regenerate_avatar"

# Logical field → columns that may hold it, the first existing one wins.
CANDIDATES: Mapping[str, Sequence[str]] = {
    "name": ("full_name", "nome", "name"),
    "role": ("role", "cargo"),
    "department": ("department", "departamento"),
    "specialty": ("specialty",),
    "gender": ("genero", "gender", "sexo"),
    "age": ("idade", "age"),
    "experience_years": ("experiencia_anos",),
    "nationality": ("nacionalidade", "nationality"),
    "appearance": ("descricao_fisica",),
}
CREATED = ("created_at", "criado_em", "data_criacao")
READY_PROMPTS = ("prompt_image", "prompt_usado")

# Addresses of services that fill the place of a picture, and of the replaced script's temporary files.
_PLACEHOLDERS = r"^\s*$|dicebear\.com|ui-avatars\.com|unsplash\.com|temp_"

_COLUMNS = """
select c.relname as table_name, n.nspname as schema_name, a.attname as column_name,
       format_type(a.atttypid, a.atttypmod) as type
from unnest($1::text[]) as wanted(name)
join pg_class c on c.oid = to_regclass(wanted.name) and c.relkind in ('r', 'p')
join pg_namespace n on n.oid = c.relnamespace and n.nspname <> 'retrato'
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum
"""


def quoted(identifier: str) -> str:
    """An identifier as SQL wants it, whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def _fills_a_place(url: str) -> str:
    """
    Whether an address is none or only fills the place of a picture, as SQL with built-in operators alone.

    A function of ours would need a right that readers of the view do not have.
    """
    return f"(coalesce({url}, '') ~* '{_PLACEHOLDERS}')"


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


@dataclass(frozen=True, slots=True)
class Host:
    """The host's tables; ``avatares`` and ``empresas`` may be missing."""

    personas: Table
    avatares: Table | None
    empresas: Table | None

    @classmethod
    async def read(cls, connection: Connection) -> "Host":
        """
        Look the tables up where the connection's search_path finds them.

        Raises:
            ConfigError: there is no table ``personas`` with a key and a name.

        """
        columns: dict[str, dict[str, str]] = {}
        names: dict[str, str] = {}
        for row in await connection.fetch(_COLUMNS, [PERSONAS, AVATARES, EMPRESAS]):
            names[row["table_name"]] = f"{quoted(row['schema_name'])}.{quoted(row['table_name'])}"
            columns.setdefault(row["table_name"], {})[row["column_name"]] = row["type"]
        tables = {table: Table(names[table], columns[table]) for table in names}
        personas = tables.get(PERSONAS)
        if personas is None or not personas.has("id") or personas.first(CANDIDATES["name"]) is None:
            raise ConfigError(
                "the database has no table `personas` with a column `id` and a name (full_name, nome or "
                "name) in its search_path: is RETRATO_DATABASE_URL the application's database?"
            )
        return cls(personas=personas, avatares=tables.get(AVATARES), empresas=tables.get(EMPRESAS))

    @property
    def id_type(self) -> str:
        """SQL type of a persona's key."""
        return self.personas.columns["id"]

    @property
    def name_column(self) -> str:
        """Column that holds a persona's name."""
        column = self.personas.first(CANDIDATES["name"])
        assert column is not None  # read() has seen to it
        return column

    def key_in(self, table: Table, alias: str) -> str:
        """The key of the persona *alias* as ``persona_id`` of *table* holds it: not everywhere the same type."""
        key, type_there = f"{alias}.{quoted('id')}", table.columns["persona_id"]
        return key if type_there == self.id_type else f"{key}::text::{type_there}"

    def words(self) -> dict[str, str]:
        """The words in braces that ``sql/`` uses for the host."""
        words = {
            "personas": self.personas.name,
            "personas_id": quoted("id"),
            "personas_name": quoted(self.name_column),
            "id_type": self.id_type,
            "flag": quoted(FLAG),
            "url_of_p": self._url_of("p"),
            "missing_of_p": _fills_a_place(self._url_of("p")),
            "since_of_p": self._since_of("p"),
            "missing_of_new": _fills_a_place(self._url_of("new")),
        }
        for alias in ("p", "new", "old"):
            words[f"empresa_of_{alias}"] = self._empresa_of(alias)
            words[f"ready_of_{alias}"] = self._ready_of(alias)
            words[f"flag_of_{alias}"] = f"({alias}.{quoted(FLAG)} is true)"
        return words

    def _empresa_of(self, alias: str) -> str:
        """The company as text, ``-`` for none: never null or empty, or our trigger would refuse the row."""
        if not self.personas.has("empresa_id"):
            return "'-'::text"
        return f"coalesce(nullif({alias}.{quoted('empresa_id')}::text, ''), '-')"

    def _ready_of(self, alias: str) -> str:
        """Ready to be drawn (DESIGN 3.3), with built-in operators alone and never null."""
        # The first character that is no space is there, and no bracket: "[A GERAR]" is a placeholder.
        ready = f"(coalesce({alias}.{quoted(self.name_column)}::text, '') ~ '^\\s*[^\\s[]'"
        if self.personas.has("status"):
            status = f"lower(coalesce({alias}.{quoted('status')}::text, ''))"
            ready += f" and {status} not in ('inactive', 'archived')"
        return ready + ")"

    def _since_of(self, alias: str) -> str:
        """Whether the persona was created after the installation; false where the host does not tell."""
        created = self.personas.first(CREATED)
        if created is None:
            return "false"
        return f"coalesce({alias}.{quoted(created)} >= (select i.installed_at from retrato.installation i), false)"

    def _url_of(self, alias: str) -> str:
        """The address of the avatar that the host knows, null where it knows none or only a placeholder."""
        known = [
            f"case when not {_fills_a_place(f'{alias}.{quoted(column)}')} then {alias}.{quoted(column)} end"
            for column in ("avatar_image_url", "avatar_url")
            if self.personas.has(column)
        ]
        if self.avatares is not None and self.avatares.has("persona_id") and self.avatares.has("avatar_url"):
            known.append(
                f"(select max(pa.avatar_url) from {self.avatares.name} pa "
                f"where pa.persona_id = {self.key_in(self.avatares, alias)} "
                f"and not {_fills_a_place('pa.avatar_url')})"
            )
        return f"coalesce({', '.join(known)}, null)" if known else "null::text"
