"""
Tables and columns as the catalogue tells them.

Types from outside ``pg_catalog`` are written with their schema: most of our functions run with an empty
search_path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from retrato.store.database import Connection
from retrato.store.queries import query

WRITABLE_KINDS = ("table", "partitioned table")


def quoted(identifier: str) -> str:
    """An identifier as SQL wants it, whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One column.

    Attributes:
        type: as SQL names it, with its modifier: ``character varying(100)``, ``public.citext``.
        is_text: whether it is one of the types that hold text, or a domain over one.
        holds: the longest text in characters; None where there is no limit, or it holds none.
        must_be_told: it takes no null and has no default.
        is_computed: the database alone writes it (GENERATED ALWAYS).
        collation: where it is neither that of its type nor "C".

    """

    type: str
    is_text: bool = False
    holds: int | None = None
    must_be_told: bool = False
    is_computed: bool = False
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """
    A host table: quoted full name, its columns with their types, and what it is in the catalogue.

    ``kind`` is ``table``, ``partitioned table``, ``view``, …; ``heirs`` are the tables that inherit from it.
    """

    name: str
    columns: Mapping[str, str]
    details: Mapping[str, Column] = field(default_factory=dict)
    kind: str = "table"
    heirs: Sequence[str] = ()

    def has(self, column: str) -> bool:
        """Whether the column exists."""
        return column in self.columns

    def takes(self, column: str) -> bool:
        """Whether the column exists and may be written: not so one that the database computes."""
        return column in self.columns and column not in self.computed

    @property
    def computed(self) -> frozenset[str]:
        """The columns that the database alone writes."""
        return frozenset(name for name, column in self.details.items() if column.is_computed)

    def first(self, candidates: Sequence[str]) -> str | None:
        """The first of *candidates* that exists."""
        return next((column for column in candidates if column in self.columns), None)

    def existing(self, candidates: Sequence[str]) -> list[str]:
        """Those of *candidates* that exist."""
        return [column for column in candidates if column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """
    A column by which rows are found.

    Attributes:
        type: what a text is cast to before it is compared: without a length, or it would be cut and find another
            row; of a domain the type below, whose casts do not fail on the domain's checks.
        equals, exceeds: the operators of that type, with their schema where it is not ``pg_catalog``.
        holds_text: whether its text is the same in every session, and the same text the same key.
        nullable: whether a row may have none.
        unique: whether no two rows can have the same.
        reasons: why not, a word on each unique index that is not enough.

    """

    type: str
    equals: str
    exceeds: str
    holds_text: bool
    nullable: bool
    unique: bool
    reasons: Sequence[str]


async def read_tables(connection: Connection, names: Sequence[str]) -> dict[str, Table]:
    """The tables, views and what else has rows, among *names*, by the name that was asked for."""
    found: dict[str, Table] = {}
    for row in await connection.fetch(query("read_tables"), list(dict.fromkeys(filter(None, names)))):
        columns = {
            name: Column(
                type=kind,
                is_text=is_text,
                holds=holds,
                must_be_told=must_be_told,
                is_computed=is_computed,
                collation=collation,
            )
            for name, kind, is_text, holds, must_be_told, is_computed, collation in zip(
                row["names"],
                row["types"],
                row["are_text"],
                row["hold"],
                row["must_be_told"],
                row["are_computed"],
                row["collations"],
                strict=True,
            )
        }
        found[row["asked"]] = Table(
            f"{quoted(row['schema_name'])}.{quoted(row['table_name'])}",
            {name: column.type for name, column in columns.items()},
            columns,
            row["kind"],
            tuple(row["heirs"]),
        )
    return found


async def read_key(connection: Connection, table: Table, column: str) -> Key:
    """What the catalogue says of *column* as a key of *table*; both exist."""
    row = await connection.fetchrow(query("read_key"), table.name, column)
    assert row is not None
    return Key(**{**dict(row), "reasons": tuple(row["reasons"])})
