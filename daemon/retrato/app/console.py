"""The console, built from the settings: it listens before the database answers, and gets its desk after."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from retrato.app.base import Base
from retrato.app.providers import providers_config
from retrato.console.desk import Desk, Terms
from retrato.console.gate import House
from retrato.console.server import Console
from retrato.providers.registry import catalogue
from retrato.settings import Settings, plain
from retrato.store.console_reads import ConsoleReads


@asynccontextmanager
async def open_console(settings: Settings, *, pages: bool = True) -> AsyncIterator[Console]:
    """A console that listens, or has said why it does not; without *pages* it answers probes only."""
    console = Console(
        House(
            settings.console_host,
            token=plain(settings.console_token),
            read_only=settings.console_read_only,
            own_names=_own_names(settings.public_url),
        ),
        settings.console_port,
        metrics_port=settings.metrics_port,
        with_pages=pages,
    )
    try:
        await console.listen()
        yield console
    finally:
        await console.close()


def open_desk(settings: Settings, base: Base, *, keys: Mapping[str, str]) -> Desk:
    """What pages and API ask and order; *keys* are the fingerprints of our accounts, by provider."""
    return Desk(
        ConsoleReads(base.database, base.host, keys=keys),
        base.status,
        base.control,
        base.requests,
        terms=Terms(
            providers=settings.providers,
            pace_s=settings.pace_seconds,
            concurrency=settings.concurrency,
            poll_s=settings.poll_seconds,
            monthly_budget_usd=settings.monthly_budget_usd,
        ),
        catalogue=catalogue(providers_config(settings)),
        restorer=base.versions,
    )


def _own_names(public_url: str | None) -> tuple[str, ...]:
    host = urlsplit(public_url).hostname if public_url is not None else None
    return (host,) if host is not None else ()
