"""SQL that is rendered for the host's tables, and rendered anew when the application has changed them."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from retrato.domain.errors import NotMigratedError
from retrato.store.database import Database
from retrato.store.host import Host

log = structlog.get_logger()

_Sql = TypeVar("_Sql")
_Answer = TypeVar("_Answer")


class HostTables:
    """The application's tables as they were read last: one for all parts of a process."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        self.host = host

    @classmethod
    def of(cls, database: Database, host: "Host | HostTables") -> "HostTables":
        """*host* itself, or a new one for a single reader."""
        return host if isinstance(host, HostTables) else cls(database, host)

    async def read_again(self) -> None:
        """
        Read the catalogue; what is rendered for the tables is rendered anew when it is asked for next.

        Raises:
            ConfigError: what is left of the tables cannot be worked with; the former ones stay.

        """
        async with self._database.connection() as connection:
            host = await Host.read(connection, self.host.mapping)
        if host != self.host:
            log.warning("host.changed", reason="the application has changed its tables; they were read anew")
            self.host = host


class Rendered(Generic[_Sql]):
    """What *render* makes of the host's tables as they are: the statements of one reader."""

    def __init__(self, database: Database, host: Host | HostTables, render: Callable[[Host], _Sql]) -> None:
        self._tables = HostTables.of(database, host)
        self._render = render
        self._rendered_for = self._tables.host
        self._sql = render(self._rendered_for)

    @property
    def sql(self) -> _Sql:
        """The statements for the tables as they were read last."""
        if self._rendered_for is not self._tables.host:
            self._rendered_for = self._tables.host
            self._sql = self._render(self._rendered_for)
        return self._sql

    async def ask(self, question: Callable[[_Sql], Awaitable[_Answer]]) -> _Answer:
        """
        The answer to *question*; it is asked once more where a column that it names was dropped or renamed.

        Raises:
            NotMigratedError: something else is missing.
            ConfigError: what is left of the tables cannot be worked with.

        """
        asked = self._tables.host
        try:
            return await question(self.sql)
        except NotMigratedError:
            if self._tables.host is asked:
                await self._tables.read_again()
            if self._tables.host is asked:
                raise
        return await question(self.sql)
