"""Whether what somebody has typed is there: a typing error shall be said, and not obeyed."""

from collections.abc import Sequence
from contextlib import suppress

from retrato.app.base import Base
from retrato.app.providers import all_providers
from retrato.console.scenes import is_storable
from retrato.domain.errors import NotFoundError
from retrato.providers.registry import catalogue
from retrato.settings import Settings
from retrato.store.console_reads import ConsoleReads
from retrato.store.control import Scope

_MOST_NAMES = 1000
_MOST_TOLD = 5


async def known_persona(base: Base, persona_id: str, *, empresa_id: str | None = None) -> str:
    """
    The persona's id as the database writes it, by id or by name; of one company where that is told.

    Raises:
        NotFoundError: there is none, or several have this name; the message tells their ids.

    """
    if is_storable(persona_id):
        card = None
        with suppress(NotFoundError):
            card = await ConsoleReads(base.database, base.tables).persona(persona_id)
        if card is not None and empresa_id in {None, card.empresa_id}:
            return card.persona_id
        if found := await base.status.ids_of_personas_named(persona_id, empresa_id=empresa_id):
            return _only(found, f"personas are called {persona_id!r}")
    of_company = f" in company {empresa_id}" if empresa_id is not None else ""
    raise NotFoundError(f"there is no persona with id or name {persona_id!r}{of_company}")


async def known_company(base: Base, empresa_id: str) -> str:
    """
    The company's id as the database writes it, by id or by name; one that only its personas name is one too.

    Raises:
        NotFoundError: there is none, or several have this name; the message tells their ids.

    """
    if is_storable(empresa_id):
        reads = ConsoleReads(base.database, base.tables)
        with suppress(NotFoundError):
            return (await reads.company(empresa_id)).id
        if await base.status.personas(empresa_id=empresa_id, limit=1):
            return empresa_id
        page = await reads.companies(text=empresa_id, limit=_MOST_NAMES)
        found = [one.id for one in page.companies if one.name.strip().casefold() == empresa_id.strip().casefold()]
        if found:
            return _only(found, f"companies are called {empresa_id!r}")
    raise NotFoundError(f"there is no company with id or name {empresa_id!r}; `retrato status` lists them")


async def company_name(base: Base, empresa_id: str) -> str:
    """The company's name; its id where it has none, or is not there any more."""
    try:
        return (await ConsoleReads(base.database, base.tables).company(empresa_id)).name
    except NotFoundError:
        return empresa_id


def _only(ids: Sequence[str], what: str) -> str:
    if len(ids) > 1:
        raise NotFoundError(f"{len(ids)} {what}; take an id: {', '.join(ids[:_MOST_TOLD])}")
    return ids[0]


async def company_names(base: Base) -> dict[str, str]:
    """The names of the companies, by id; of the first thousand by name, since people read them."""
    page = await ConsoleReads(base.database, base.tables).companies(limit=_MOST_NAMES)
    return {company.id: company.name for company in page.companies if company.name != company.id}


async def known_leg(base: Base, settings: Settings, name: str) -> str:
    """
    A leg or a provider that these settings lead to, or that any replica has asked.

    Raises:
        NotFoundError: there is none; the message lists those that there are.

    """
    legs = {info.leg for info in catalogue(all_providers(settings))}
    legs |= {leg.leg for leg in await base.status.legs()}
    names = legs | {leg.partition("/")[0] for leg in legs}
    if name not in names:
        raise NotFoundError(f"there is no leg or provider {name!r}; there are {', '.join(sorted(names))}")
    return name


async def known_scope(base: Base, settings: Settings, scope: Scope, name: str) -> str:
    """The name of what can be paused, or is."""
    if any((pause.scope, pause.name) == (scope, name) for pause in await base.control.pauses()):
        return name
    match scope:
        case Scope.EMPRESA:
            return await known_company(base, name)
        case Scope.LEG:
            return await known_leg(base, settings, name)
        case Scope.ALL:
            return name
