"""The console, built from the settings: it listens before the database answers, and gets its desk after."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog

from retrato.app.base import Base
from retrato.app.console_token import ConsoleToken, console_token
from retrato.app.providers import providers_config
from retrato.console.desk import Desk, Terms
from retrato.console.gate import House
from retrato.console.server import Console
from retrato.providers.registry import catalogue
from retrato.settings import Settings
from retrato.store.console_reads import ConsoleReads
from retrato.store.control import Control
from retrato.store.requests import Requests
from retrato.store.status import Status
from retrato.store.versions import Versions

log = structlog.get_logger()


@asynccontextmanager
async def open_console(
    settings: Settings, token: ConsoleToken | None = None, *, pages: bool = True, pictures: bool | None = None
) -> AsyncIterator[Console]:
    """
    A console that listens, or has said why it does not.

    Without *pages* it answers probes only, and serves pictures where *pictures* says so.
    What opens it is *token*, by default what `console_token` finds.
    """
    if token is None:
        token = console_token(settings, os.environ) if pages else ConsoleToken()
    if pages and token.value is None:
        log.warning(
            "console.closed",
            reason=f"there is no token, so that pages and API are refused: {token.reason}",
            remedy="set RETRATO_CONSOLE_TOKEN",
        )
    console = Console(
        House(
            settings.console_host,
            token=token.value,
            read_only=settings.console_read_only,
            own_names=_own_names(settings.public_url),
            is_generated=token.is_generated,
        ),
        settings.console_port,
        metrics_port=settings.metrics_port,
        with_pages=pages,
        with_pictures=pictures,
    )
    try:
        await console.listen()
        yield console
    finally:
        await console.close()


def open_desk(settings: Settings, base: Base, *, keys: Mapping[str, str]) -> Desk:
    """What pages and API ask and order; *keys* are the fingerprints of our accounts, by provider."""
    return Desk(
        ConsoleReads(base.shared, base.tables, keys=keys),
        Status(base.shared),
        Control(base.shared),
        Requests(base.shared),
        terms=Terms(
            providers=settings.providers,
            pace_s=settings.pace_seconds,
            concurrency=settings.concurrency,
            poll_s=settings.poll_seconds,
            monthly_budget_usd=settings.monthly_budget_usd,
        ),
        catalogue=catalogue(providers_config(settings)),
        restorer=Versions(base.shared),
    )


def _own_names(public_url: str | None) -> tuple[str, ...]:
    host = urlsplit(public_url).hostname if public_url is not None else None
    return (host,) if host is not None else ()
