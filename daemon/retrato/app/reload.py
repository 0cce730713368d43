"""Settings read anew while working (SIGHUP): log level and pace are taken over, the rest waits for a restart."""

import asyncio
from collections.abc import Sequence
from typing import Self

import structlog

from retrato import logs
from retrato.app.daemon import Daemon, check_settings
from retrato.domain.errors import ConfigError
from retrato.notify import Notifier
from retrato.settings import Settings, hidden_by_the_environment, load, variable
from retrato.supervise import wait_for_any

log = structlog.get_logger()

RELOADABLE = ("log_level", "pace_seconds")


class Reloader:
    """
    Reads the settings anew each time *asked* is set, and tells *notifier* when it begins and when it is done.

    The environment of a running process does not change, so only values in files can. Files that are wrong change
    nothing. ``settings`` are those that hold now; *secrets* never reach the logs, beside those in the settings.
    """

    name = "reloader"

    def __init__(
        self, settings: Settings, notifier: Notifier, *, asked: asyncio.Event, secrets: Sequence[str] = ()
    ) -> None:
        self.settings = settings
        self._notifier = notifier
        self._asked = asked
        self._secrets = secrets

    def of(self, daemon: Daemon) -> Self:
        """The same one, for a *daemon* that was built from ``settings``."""
        self._daemon = daemon
        return self

    async def run(self, stop: asyncio.Event) -> None:
        """Wait to be asked, until *stop*. Not before the daemon is ready: who has reloaded says READY."""
        await wait_for_any(self._daemon.listener.settled, stop, timeout_s=None)
        while not stop.is_set():
            await wait_for_any(self._asked, stop, timeout_s=None)
            if self._asked.is_set():
                self._asked.clear()
                with self._notifier.reloading():
                    self.reload()

    def reload(self) -> None:
        """Take over what may change, or say why nothing does."""
        try:
            fresh = load()
            check_settings(fresh)
        except ConfigError as exc:
            log.error("settings.refused", error=str(exc), remedy="nothing was changed")  # noqa: TRY400
            return
        self._take_over(fresh)
        log.info("settings.reloaded", log_level=fresh.log_level, pace_s=fresh.pace_seconds)
        for name in hidden_by_the_environment(RELOADABLE):
            log.warning(
                "setting.hidden",
                name=name,
                reason="the environment of this process has a value too, which goes first and does not change",
                remedy="take it out of the environment and restart",
            )
        if others := [name for name in Settings.model_fields if self._differs(fresh, name)]:
            log.warning("settings.restart_needed", names=[variable(name) for name in others])

    def _take_over(self, fresh: Settings) -> None:
        logs.configure(
            log_format=self.settings.log_format,
            level=fresh.log_level,
            secrets=[*self._secrets, *self.settings.secrets(), *fresh.secrets()],
        )
        self._daemon.repace(fresh.pace_seconds)
        self.settings = self.settings.model_copy(update={name: getattr(fresh, name) for name in RELOADABLE})

    def _differs(self, fresh: Settings, name: str) -> bool:
        return bool(getattr(fresh, name) != getattr(self.settings, name))
