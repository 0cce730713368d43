"""The host application: inserts personas, asks, waits; comes back by itself after every outage."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg

EMPRESA = "11111111-1111-4111-8111-111111111111"
_INSERT = """
insert into personas (id, persona_code, full_name, role, genero, empresa_id)
select id, 'P-' || id, 'Persona ' || left(id::text, 8), 'Analista', 'feminino', $2::uuid
from unnest($1::uuid[]) as named(id)
on conflict (id) do nothing
"""
_AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InterfaceError)
_PATIENCE_S = 120.0


class Application:
    """One connection, opened anew whenever it is lost. Statements are repeated then, so they must bear it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the company that all personas belong to."""
        await self.fetch(
            """
            insert into empresas (id, codigo, nome, descricao)
            values ($1::uuid, 'SYS', 'Empresa de Teste', 'teste')
            on conflict (id) do nothing
            """,
            EMPRESA,
        )

    async def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.terminate()

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of one statement."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await asyncpg.connect(self.dsn, timeout=5)
                    return await self._connection.fetch(sql, *args, timeout=30)
                except _AWAY:
                    await self.close()
                    self._connection = None
                    await asyncio.sleep(0.02)

    async def value(self, sql: str, *args: Any) -> Any:
        """The first value of one statement; None without rows."""
        rows = await self.fetch(sql, *args)
        return rows[0][0] if rows else None

    async def insert(self, count: int = 1) -> list[str]:
        """Insert *count* personas who are ready, in one statement; their ids."""
        ids = [str(uuid4()) for _ in range(count)]
        await self.fetch(_INSERT, ids, EMPRESA)
        return ids

    async def until(self, sql: str, *args: Any, timeout_s: float = _PATIENCE_S) -> Any:
        """Wait until a query answers something true; returns that."""
        async with asyncio.timeout(timeout_s):
            while not (answer := await self.value(sql, *args)):  # noqa: ASYNC110 - other processes work
                await asyncio.sleep(0.02)
        return answer

    async def all_ready(self, personas: Sequence[str], *, timeout_s: float = _PATIENCE_S) -> None:
        """
        Wait until every one of *personas* has an avatar.

        Raises:
            AssertionError: it takes longer than *timeout_s* seconds; with the jobs that are left.

        """
        try:
            await self.until(
                """
                select count(*) = $2 from retrato.persona_status
                where persona_id = any($1::text[]) and state = 'ready'
                """,
                list(personas),
                len(personas),
                timeout_s=timeout_s,
            )
        except TimeoutError:
            jobs = await self.fetch("select * from retrato.jobs")
            left = "\n".join(str(dict(job)) for job in jobs) or "no job at all"
            raise AssertionError(f"not all have an avatar after {timeout_s:g} s:\n{left}") from None
