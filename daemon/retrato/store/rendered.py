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


class Rendered(Generic[_Sql]):
    """What *render* makes of the host's tables as they are: the statements of one reader."""

    def __init__(self, database: Database, host: Host, render: Callable[[Host], _Sql]) -> None:
        self._database = database
        self._host = host
        self._render = render
        self.sql = render(host)

    async def ask(self, question: Callable[[_Sql], Awaitable[_Answer]]) -> _Answer:
        """
        The answer to *question*; it is asked once more where a column that it names was dropped or renamed.

        Raises:
            NotMigratedError: something else is missing.
            ConfigError: what is left of the tables cannot be worked with.

        """
        asked = self.sql
        try:
            return await question(asked)
        except NotMigratedError:
            await self._look_again()
            if self.sql is asked:
                raise
        return await question(self.sql)

    async def _look_again(self) -> None:
        async with self._database.connection() as connection:
            host = await Host.read(connection, self._host.mapping)
        if host != self._host:
            log.warning("host.changed", reason="the application has changed its tables; they were read anew")
            self._host, self.sql = host, self._render(host)
