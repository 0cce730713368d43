"""Whether what somebody has typed is there: a typing error shall be said, and not obeyed."""

from retrato.app.base import Base
from retrato.app.providers import all_providers
from retrato.domain.errors import NotFoundError
from retrato.providers.registry import catalogue
from retrato.settings import Settings
from retrato.store.console_reads import ConsoleReads
from retrato.store.control import Scope

_MOST_NAMES = 1000


async def known_persona(base: Base, persona_id: str) -> str:
    """The persona's id; raises NotFoundError where there is none."""
    if not await base.status.personas(persona_ids=[persona_id]):
        raise NotFoundError(f"there is no persona with id {persona_id!r}")
    return persona_id


async def known_company(base: Base, empresa_id: str) -> str:
    """The company's id as the database writes it; raises NotFoundError where it is not, nor a persona of it."""
    try:
        return (await ConsoleReads(base.database, base.tables).company(empresa_id)).id
    except NotFoundError:
        if await base.status.personas(empresa_id=empresa_id, limit=1):
            return empresa_id
        raise NotFoundError(f"there is no company with id {empresa_id!r}; `retrato status` lists them") from None


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
