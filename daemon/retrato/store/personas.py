"""Personas and companies, read from the host's tables."""

from dataclasses import dataclass

from retrato.domain.errors import NotFoundError
from retrato.domain.persona import Persona
from retrato.store.database import Database
from retrato.store.host import CANDIDATES, READY_PROMPTS, Host, quoted

_TEXTS = ("role", "department", "specialty", "gender", "nationality", "appearance")


@dataclass(frozen=True, slots=True)
class Draft:
    """A persona as it is now, whether it is ready to be drawn, and the number that its next version gets."""

    persona: Persona
    ready: bool
    version: int


class Personas:
    """Reads the host's tables through the columns that exist."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        self._select = _select(host)
        self._empresa = (
            f"select id::text as id, {_empresa_name(host)} as name from {host.empresas.name} where id::text = $1"
            if host.empresas is not None
            else None
        )

    async def read(self, persona_id: str) -> Draft | None:
        """The persona, None when its row is gone."""
        row = await self._database.fetchrow(self._select, persona_id)
        if row is None:
            return None
        persona = Persona(
            id=row["id"],
            empresa_id=row["empresa_id"],
            name=row["name"] or "",
            age=_whole_number(row["age"]),
            experience_years=_whole_number(row["experience_years"]),
            ready_prompt=row["ready_prompt"],
            empresa_name=row["empresa_name"],
            industry=row["industry"],
            **{field: row[field] for field in _TEXTS},
        )
        return Draft(persona=persona, ready=row["ready"], version=row["next_version"])

    async def empresa_name(self, empresa_id: str) -> str:
        """
        The company's name.

        Raises:
            NotFoundError: there is no such company.

        """
        if self._empresa is None:
            return empresa_id
        row = await self._database.fetchrow(self._empresa, empresa_id)
        if row is None:
            raise NotFoundError(f"there is no empresa with id {empresa_id!r}")
        return str(row["name"] or empresa_id)


def _whole_number(text: str | None) -> int | None:
    """The first whole number in what the host calls an age ("34", "30-35"); None where there is none."""
    digits = ""
    for character in text or "":
        if character in "0123456789":
            digits += character
        elif digits:
            break
    return int(digits) if 0 < len(digits) < 4 else None  # noqa: PLR2004 - nobody is a thousand years old


def _empresa_name(host: Host) -> str:
    name = host.empresas.first(("nome", "name")) if host.empresas else None
    return f"{quoted(name)}::text" if name else "null::text"


def _select(host: Host) -> str:
    columns = []
    for field, candidates in CANDIDATES.items():
        existing = [f"nullif(btrim(p.{quoted(c)}::text), '')" for c in candidates if host.personas.has(c)]
        columns.append(f"{_first_of(existing)} as {field}")
    ready_prompt = "null::text"
    if host.avatares is not None and host.avatares.has("persona_id"):
        prompts = [f"nullif(btrim(pa.{quoted(c)}), '')" for c in READY_PROMPTS if host.avatares.has(c)]
        if prompts:
            # A copy of what Retrato itself wrote is not the application's prompt.
            ready_prompt = (
                f"(select max(theirs.prompt) from {host.avatares.name} pa "
                f"cross join lateral (select {_first_of(prompts)} as prompt) theirs "
                f"where pa.persona_id = {host.key_in(host.avatares, 'p')} and not exists ("
                "select from retrato.avatars a where a.persona_id = p.id::text and a.prompt = theirs.prompt))"
            )
    joined = ""
    empresa_name = industry = "null::text"
    if host.empresas is not None and host.personas.has("empresa_id"):
        joined = f"left join {host.empresas.name} e on e.id = p.empresa_id"
        names = [f"e.{quoted(c)}::text" for c in ("nome", "name") if host.empresas.has(c)]
        industries = [f"e.{quoted(c)}::text" for c in ("industria", "industry", "setor") if host.empresas.has(c)]
        empresa_name, industry = _first_of(names), _first_of(industries)
    words = host.words()
    return f"""
select p.id::text as id, {words["empresa_of_p"]} as empresa_id, {words["ready_of_p"]} as ready,
       {", ".join(columns)},
       {ready_prompt} as ready_prompt, {empresa_name} as empresa_name, {industry} as industry,
       1 + coalesce(
           (select max(a.version) from retrato.avatars a where a.persona_id = p.id::text), 0
       ) as next_version
from {host.personas.name} p
{joined}
where p.id = $1::text::{host.id_type}
"""


def _first_of(expressions: list[str]) -> str:
    return f"coalesce({', '.join(expressions)})" if expressions else "null::text"
