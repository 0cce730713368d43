"""``retrato run``: the daemon."""

import asyncio
import faulthandler
import os
import sys
from contextlib import AsyncExitStack
from typing import Annotated

import structlog
import typer

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.console import open_console
from retrato.app.console_token import ConsoleToken, console_token
from retrato.app.daemon import check_settings, open_daemon
from retrato.app.reload import Reloader
from retrato.cli.common import first_of, log_as_set, note, settings_for_command
from retrato.cli.common import run as run_to_exit
from retrato.cli.signals import reload_on_signal, stop_on_signals
from retrato.console.server import Console
from retrato.domain.errors import NotMigratedError, RetratoError, StoreUnavailableError
from retrato.notify import Notifier
from retrato.settings import Settings
from retrato.supervise import wait_for_any
from retrato.version import VERSION

log = structlog.get_logger()

_REST_S = 2.0
"""Between two starts inside the process: what the schema lacks is looked for each time."""


def run(
    *,
    no_console: Annotated[
        bool, typer.Option("--no-console", help="Without the pages; health probes are still answered.")
    ] = False,
) -> None:
    """
    Listen to the database and draw what is queued, until told to stop.

    SIGTERM or Ctrl-C: no new work; what is begun may finish within RETRATO_GRACE_SECONDS, the rest is handed
    back. A second signal hands back at once. A database that is away is waited for, and so is one that
    `retrato migrate` has not brought to this release, or that a newer one has taken beyond it.
    SIGHUP: log level and pace are read anew from the settings' files.
    """
    faulthandler.enable()  # a watchdog ends a process that hangs with SIGABRT: then the log tells where it hung
    settings = settings_for_command()
    run_to_exit(_run(settings, pages=not no_console))


async def _run(settings: Settings, *, pages: bool) -> int:
    check_settings(settings)
    stop, hurry, asked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    notifier = Notifier.from_environment(os.environ, pid=os.getpid())
    token = console_token(settings, os.environ) if pages else ConsoleToken()
    log_as_set(settings, secrets=token.secrets)
    reloader = Reloader(settings, notifier, asked=asked, secrets=token.secrets)
    async with open_console(settings, token, pages=pages) as console:
        _tell_how_to_log_in(console, token)
        with database_address(settings) as dsn, stop_on_signals(stop, hurry), reload_on_signal(asked):
            knew_tables = False
            while not stop.is_set():
                try:
                    await _draw(
                        reloader,
                        notifier,
                        dsn,
                        console,
                        stop=stop,
                        hurry=hurry,
                        pages=pages,
                        knew_tables=knew_tables,
                    )
                except* NotMigratedError as group:
                    knew_tables = True
                    console.not_ready(first_of(group))  # and what was cut off has to turn no more
                    log.error("daemon.suspended", reason=str(first_of(group)), again_in_s=_REST_S)  # noqa: TRY400
                    await wait_for_any(stop, timeout_s=_REST_S)
                except* StoreUnavailableError as group:  # it answered, and went away before the first heartbeat
                    console.not_ready(first_of(group))
                    log.warning("database.away", error=str(first_of(group)), again_in_s=_REST_S)
                    await wait_for_any(stop, timeout_s=_REST_S)
    log.info("daemon.stopped")
    return 0


def _tell_how_to_log_in(console: Console, token: ConsoleToken) -> None:
    """The link for who sits before a terminal; elsewhere it would lie in logs, which others read."""
    link = console.login_link()
    if link is None:
        return
    if token.is_generated and sys.stderr.isatty():
        note(f"The console: {link}")
    else:
        log.info("console.locked", remedy="`retrato console` prints the link that logs in")


async def _draw(
    reloader: Reloader,
    notifier: Notifier,
    dsn: str,
    console: Console,
    *,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    pages: bool,
    knew_tables: bool,
) -> None:
    """
    Draw until *stop*.

    Raises:
        NotMigratedError: the database's schema does not serve this release any more.
        StoreUnavailableError: the database has gone away again before all was ready.

    """

    def waits(reason: RetratoError) -> None:
        console.not_ready(reason)
        notifier.tell(STATUS=f"waiting for the database: {reason}")

    settings = reloader.settings
    async with AsyncExitStack() as stack:
        async with notifier.patience("waiting for the database"):
            base = await stack.enter_async_context(
                open_base(settings, dsn, stop=stop, waits=waits, knew_tables=knew_tables)
            )
            if base is None:
                return
            daemon = await stack.enter_async_context(
                open_daemon(settings, base, dsn, hurry=hurry, console=console, pages=pages, notifier=notifier)
            )
        log.info(
            "daemon.started",
            version=VERSION,
            providers=list(settings.providers),
            pace_s=settings.pace_seconds,
            concurrency=settings.concurrency,
        )
        await daemon.run(stop, reloader.of(daemon))
