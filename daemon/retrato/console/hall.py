"""What the handlers find once the database is open: the desk, and who tells the open pages."""

from collections.abc import Callable

from retrato.console.desk import Desk
from retrato.console.live import Live
from retrato.domain.errors import RetratoError, StoreUnavailableError


class Hall:
    """Empty at first: the console listens before its database answers."""

    def __init__(self) -> None:
        self._desk: Desk | None = None
        self._live: Live | None = None
        self.reason: RetratoError = StoreUnavailableError(
            "the daemon is starting: its database does not answer yet"
        )
        """Why it is empty."""

    def furnish(self, desk: Desk, *, on_failure: Callable[[str], None] = lambda _name: None) -> Live:
        """From now on there is somebody to ask; returns who tells the open pages. *on_failure* is `Live`'s."""
        self._desk = desk
        self._live = Live(desk, on_failure=on_failure)
        return self._live

    @property
    def desk(self) -> Desk:
        """Who reads and takes orders; raises ``reason`` while there is nobody."""
        if self._desk is None:
            raise self.reason
        return self._desk

    @property
    def live(self) -> Live:
        """Who tells the open pages; raises ``reason`` while there is nobody."""
        if self._live is None:
            raise self.reason
        return self._live
