"""The prefix of the pictures' addresses: what settings and database say of it, and who serves the pictures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from retrato.app.base import Base
from retrato.app.console import open_console
from retrato.app.console_token import ConsoleToken
from retrato.console.server import Console
from retrato.console.whereabouts import is_anywhere, url_of
from retrato.domain.errors import ConfigError, StoreAwayError
from retrato.services.public_address import PublicAddress
from retrato.settings import Settings
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore
from retrato.store.addresses import Addresses

log = structlog.get_logger()


def told_prefix(settings: Settings) -> str | None:
    """RETRATO_PUBLIC_URL as it stands before a key; None where it is not set."""
    return settings.public_url.rstrip("/") if settings.public_url is not None else None


def console_prefix(settings: Settings) -> str | None:
    """Where the console of these settings serves the pictures; None where it takes any port."""
    if settings.console_port == 0:
        return None
    return f"{url_of(settings.console_host, settings.console_port)}/avatars"


async def todays_prefix(settings: Settings, addresses: Addresses) -> str | None:
    """What RETRATO_PUBLIC_URL says, else what the last daemon kept; None where neither tells."""
    told = told_prefix(settings)
    return told if told is not None else await addresses.today()


async def keep_told_prefix(settings: Settings, addresses: Addresses) -> None:
    """What RETRATO_PUBLIC_URL says holds for who reads the database, too."""
    if (told := told_prefix(settings)) is not None:
        await addresses.keep(told)


@asynccontextmanager
async def pictures_served(settings: Settings, base: Base) -> AsyncIterator[tuple[Settings, Console | None]]:
    """
    For a command that draws: the settings, with the public address that was found, and a console where it is ours.

    We listen on the console's port ourselves where nobody else serves the pictures. With any free port an address
    is good while its process lives in any case: the last one stays.

    Raises:
        ConfigError: who has the console's port does not serve them.

    """
    found = await _served_already(settings, base)
    if found is not None:
        yield settings.model_copy(update={"public_url": found}), None
        return
    # A port for metrics is a daemon's.
    here = settings.model_copy(update={"metrics_port": None})
    async with open_console(here, ConsoleToken(), pages=False, pictures=True) as console:
        if console.url is None:
            why = _why_unknown(settings, console)
            raise ConfigError(f"nothing is drawn while the pictures have no public address: {why}")
        yield settings, console


async def _served_already(settings: Settings, base: Base) -> str | None:
    addresses = Addresses(base.shared, base.tables.host)
    if console_prefix(settings) is None:
        return await todays_prefix(settings, addresses)
    store = open_store(settings.storage_url_or_default, public_url="")
    with suppress(StoreAwayError):
        await open_address(settings, store, addresses, None).require()
        return store.public_url
    return None


def open_address(
    settings: Settings, store: PictureStore, addresses: Addresses, console: Console | None
) -> PublicAddress:
    """The public address of *store*'s pictures, which *console* may serve."""
    told, place = told_prefix(settings), console_prefix(settings)
    if told is None and is_anywhere(settings.console_host):
        log.warning(
            "setting.missing",
            name="RETRATO_PUBLIC_URL",
            reason="the addresses written back would lead nowhere from other machines",
        )

    def listening_at() -> str | None:
        serves = console is not None and console.serves_pictures and console.url is not None
        return f"{console.url}/avatars" if serves and console is not None else None

    return PublicAddress(
        store,
        addresses,
        told=told,
        listening_at=listening_at,
        places=[place] if place is not None else [],
        reason=_why_unknown(settings, console),
    )


def _why_unknown(settings: Settings, console: Console | None) -> str:
    if console is None or not console.serves_pictures:
        return "no console serves them; set RETRATO_PUBLIC_URL to where browsers find them"
    return (
        f"port {settings.console_port} of {settings.console_host} cannot be listened on, and who has it does not "
        "serve them; set RETRATO_PUBLIC_URL to where browsers find them, or free the port (RETRATO_CONSOLE_PORT)"
    )
