"""Personas and companies, read from the host's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from retrato.domain.persona import Persona
from retrato.domain.years import years_in, years_since
from retrato.store.database import Database
from retrato.store.host import Host, quoted
from retrato.store.host_words import first_of, host_words, not_empty, ready_prompt
from retrato.store.mapping import GATHERED, READ, READ_FROM_EMPRESAS
from retrato.store.rendered import HostTables, Rendered

_NUMBERS = ("age", "birth_date", "experience_years")
_TEXTS = tuple(name for name in READ if name not in {"name", "ready_prompt", *_NUMBERS})


@dataclass(frozen=True, slots=True)
class Draft:
    """A persona as it is now, whether it is ready to be drawn, and the number that its next version gets."""

    persona: Persona
    ready: bool
    version: int


class Personas:
    """Reads the host's tables through the columns that exist."""

    def __init__(self, database: Database, host: Host | HostTables) -> None:
        self._database = database
        tables = HostTables.of(database, host)
        self._select = Rendered(database, tables, _select)

    async def read(self, persona_id: str) -> Draft | None:
        """The persona, None when its row is gone."""
        try:
            row = await self._select.ask(lambda sql: self._database.fetchrow(sql, persona_id))
        except asyncpg.DataError:  # a key of a type that the table does not have any more
            return None
        if row is None:
            return None
        today = datetime.now(UTC).date()
        persona = Persona(
            id=row["id"],
            empresa_id=row["empresa_id"],
            name=row["name"] or "",
            age=years_in(row["age"])
            or years_since(row["age"], today=today)
            or years_since(row["birth_date"], today=today),
            experience_years=_whole_number(row["experience_years"]),
            ready_prompt=row["ready_prompt"],
            empresa_name=row["empresa_name"],
            industry=row["industry"],
            empresa_country=row["empresa_country"],
            **{field: row[field] for field in _TEXTS},
        )
        return Draft(persona=persona, ready=row["ready"], version=row["next_version"])


def _whole_number(text: str | None) -> int | None:
    """The first whole number in what the host calls an experience ("9", "5-10"); None where there is none."""
    digits = ""
    for character in text or "":
        if character in "0123456789":
            digits += character
        elif digits:
            break
    return int(digits) if 0 < len(digits) < 4 else None  # noqa: PLR2004 - nobody is a thousand years old


def _of_empresa(host: Host, name: str) -> str:
    """A field of READ_FROM_EMPRESAS."""
    known = [not_empty("e", column) for column in host.empresas_fields(name)]
    return _lines_of(known) if name in GATHERED else first_of(known)


def _lines_of(expressions: Sequence[str]) -> str:
    """All that are not null, one a line."""
    return f"concat_ws(chr(10), {', '.join(expressions)})" if expressions else "null::text"


def _select(host: Host) -> str:
    """One persona with all that is known of it."""
    words = host_words(host)
    columns = [f"{_field(host, name)} as {name}" for name in READ]
    of_empresa = dict.fromkeys(READ_FROM_EMPRESAS, "null::text")
    joined = ""
    empresa_id = host.key("empresa_id")
    if host.empresas is not None and host.empresas.has("id") and empresa_id is not None:
        joined = f"left join {host.empresas.name} e on e.id::text = p.{quoted(empresa_id)}::text"
        of_empresa = {name: _of_empresa(host, name) for name in READ_FROM_EMPRESAS}
    if host.avatares is not None and host.avatares_key is not None:
        # One row, where there are duplicates the active one.
        order = f"order by pa.{quoted('ativo')} is true desc" if host.avatares.has("ativo") else ""
        joined += f"""
left join lateral (
    select * from {host.avatares.name} pa where {host.of_persona("p")} {order} limit 1
) pa on true"""
    return f"""
select
    p.{words["personas_id"]}::text as id,
    {words["empresa_of_p"]} as empresa_id,
    {words["ready_of_p"]} as ready,
    {", ".join(columns)},
    {of_empresa["name"]} as empresa_name,
    {of_empresa["industry"]} as industry,
    {of_empresa["country"]} as empresa_country,
    1 + coalesce(
        (select max(a.version) from retrato.avatars a where a.persona_id = p.{words["personas_id"]}::text), 0
    ) as next_version
from {host.personas.name} p
{joined}
where p.{words["personas_id"]} {words["is_id"]} $1::text::{host.id_type}
"""


def _field(host: Host, name: str) -> str:
    """A field of READ: the persona's own columns go first, then those of its row among the avatars."""
    known = [not_empty("p", column) for column in host.fields(name)]
    if name != "ready_prompt":
        known += [not_empty("pa", column) for column in host.avatares_fields(name)]
    elif host.prompts():
        known.append(_newest_prompt(host))
    return _lines_of(known) if name in GATHERED else first_of(known)


def _newest_prompt(host: Host) -> str:
    """The application's prompt; where several rows of a persona have one, the one that was written last."""
    assert host.avatares is not None
    prompt = ready_prompt(host, "r", "p")
    age = f"r.{quoted('created_at')} desc nulls last, " if host.avatares.has("created_at") else ""
    return (
        f"(select {prompt} from {host.avatares.name} r where {host.of_persona('p', 'r')} "
        f"and {prompt} is not null order by {age}1 desc limit 1)"
    )
