"""What a mapping says that can have no effect on the tables as they are: a mistake that would stay unseen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from retrato.store.mapping import FLAG, INACTIVE, KEYS, WRITTEN

if TYPE_CHECKING:
    from retrato.store.host import Host

_JSON = ("json", "jsonb")
_TIMES = ("timestamp", "date")
# Types whose texts never say yes or no.
_SILENT = (*_JSON, "uuid", "bytea", "xml")


def without_effect(host: "Host") -> list[str]:
    """What is wrong with the mapping of *host*, in words; empty where all of it counts."""
    return [*_tables(host), *_columns(host), *_states(host), *_written_twice(host)]


def _tables(host: "Host") -> Iterator[str]:
    mapping = host.mapping
    if mapping.empresas and host.empresas is None:
        yield f"empresas: there is no table {mapping.empresas}"
    if mapping.preset != "auto" and mapping.avatares is not None:
        yield "preset: avatares names the table already"
    elif mapping.avatares_tables() and mapping.preset != "auto" and host.avatares is None:
        yield f"preset {mapping.preset}: there is no table {mapping.avatares_tables()[0]}"
    if mapping.avatares and host.avatares is None:
        yield f"avatares: there is no table {mapping.avatares}"
    elif mapping.avatares and host.avatares_key is None:
        yield f"avatares: {mapping.avatares} has no column persona_id, and avatares_columns names none"
    if mapping.avatares_columns and host.avatares is None:
        yield f"avatares_columns ({', '.join(sorted(mapping.avatares_columns))}): there is no table of avatars"
    if mapping.empresas_columns and host.empresas is None:
        yield f"empresas_columns ({', '.join(sorted(mapping.empresas_columns))}): there is no table of companies"


def _columns(host: "Host") -> Iterator[str]:
    told, types = host.mapping.columns, host.personas.columns
    metadata, created = told.get("metadata"), told.get("created_at")
    if metadata and host.avatares is not None and host.avatares.has("metadados"):
        yield f"columns.metadata: {host.avatares.name} takes the metadata"
    elif metadata and types[metadata] not in _JSON:
        yield f"columns.metadata: {metadata} is {types[metadata]}, neither json nor jsonb"
    if created and not types[created].startswith(_TIMES):
        yield f"columns.created_at: {created} is {types[created]}, no time"


def _states(host: "Host") -> Iterator[str]:
    told, types = host.mapping.columns, host.personas.columns
    for field in INACTIVE:
        column = told.get(field)
        if not column:
            continue
        is_time = types[column].startswith(_TIMES)
        if types[column] in _SILENT or types[column].endswith("[]") or (is_time and field != "deleted"):
            yield f"columns.{field}: {column} is {types[column]}"
    if host.mapping.inactive_words and all(types[c] == "boolean" for c in host.inactive_columns("status")):
        yield "inactive_words: there is no status that could hold a word"


def _written_twice(host: "Host") -> Iterator[str]:
    """Not in vain but worse: one of the two that a column holds would be lost."""
    told = host.mapping.columns
    keys = [host.key(name) for name in KEYS]
    states = [column for name in INACTIVE for column in host.inactive_columns(name)]
    taken = {*keys, *states, *host.fields("name"), FLAG}
    for field in WRITTEN:
        column = told.get(field)
        if column and column in taken:
            yield f"columns.{field}: {column} holds something else"
        taken |= {column} if column else set()
