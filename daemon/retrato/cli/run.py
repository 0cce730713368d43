"""``retrato run``: the daemon."""

import asyncio
import os
from typing import Annotated

import structlog
import typer

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.console import open_console
from retrato.app.daemon import open_daemon
from retrato.app.providers import providers_config
from retrato.cli.common import run as run_to_exit
from retrato.cli.common import settings_for_command
from retrato.cli.signals import stop_on_signals
from retrato.settings import Settings, unknown_variables
from retrato.version import VERSION

log = structlog.get_logger()


def run(
    *,
    no_console: Annotated[
        bool, typer.Option("--no-console", help="Without the pages; health probes are still answered.")
    ] = False,
) -> None:
    """
    Listen to the database and draw what is queued, until told to stop.

    SIGTERM or Ctrl-C: no new work; what is begun may finish within RETRATO_GRACE_SECONDS, the rest is handed
    back. A second signal hands back at once. A database that is away is waited for.
    """
    settings = settings_for_command()
    run_to_exit(_run(settings, pages=not no_console))


async def _run(settings: Settings, *, pages: bool) -> int:
    providers_config(settings)  # a wrong setting is said before any work
    for name in unknown_variables(os.environ):
        log.warning("setting.unknown", name=name, remedy="see the settings table in the README")
    stop, hurry = asyncio.Event(), asyncio.Event()
    async with open_console(settings, pages=pages) as console:
        with database_address(settings) as dsn, stop_on_signals(stop, hurry):
            async with open_base(settings, dsn, stop=stop) as base:
                if base is None:
                    return 0
                async with open_daemon(settings, base, dsn, hurry=hurry, console=console, pages=pages) as daemon:
                    log.info(
                        "daemon.started",
                        version=VERSION,
                        providers=list(settings.providers),
                        pace_s=settings.pace_seconds,
                        concurrency=settings.concurrency,
                    )
                    await daemon.run(stop)
    log.info("daemon.stopped")
    return 0
