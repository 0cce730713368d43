"""
What a statement of the store costs: the pages that it touches and its time, as EXPLAIN tells them.

For the benchmarks, and for the guards in tests/store/test_flatness.py. The statement is the one that the store
sends, with the arguments that it sends: whoever changes a query has it weighed without touching anything here.
"""

import json
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from retrato.store.database import Connection, Database

_PLANS = ("force_generic_plan", "force_custom_plan")


@dataclass(frozen=True, slots=True)
class Cost:
    """Pages touched (found in memory or read), and milliseconds inside of the server, planning not counted."""

    pages: int
    took_ms: float


class _WeighedError(Exception):
    """Carries the cost out of the store's method, which has no answer to go on with."""

    def __init__(self, cost: Cost) -> None:
        super().__init__(cost)
        self.cost = cost


class Scales(Database):
    """One connection. What is asked within `weigh` is explained and rolled back; all else is carried out."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, size=1)
        self._weighing = False
        self._calls = 2

    async def weigh(self, ask: Callable[[], Awaitable[Any]], *, calls: int = 2) -> Cost:
        """What the first statement costs that *ask* sends; see `cost` for *calls*."""
        self._weighing, self._calls = True, calls
        try:
            await ask()
        except _WeighedError as weighed:
            return weighed.cost
        finally:
            self._weighing = False
        raise AssertionError("no statement was sent")

    async def forget_plans(self) -> None:
        """Functions plan anew, with what the planner believes now; otherwise a session keeps its plans."""
        await self.execute("discard plans")

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows, or what they would cost."""
        await self._weigh(sql, args)
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any, timeout_s: float | None = None) -> asyncpg.Record | None:
        """The first row, or what it would cost."""
        await self._weigh(sql, args)
        return await super().fetchrow(sql, *args, timeout_s=timeout_s)

    async def _weigh(self, sql: str, args: Sequence[Any]) -> None:
        if self._weighing:
            async with self.connection() as connection:
                raise _WeighedError(await cost(connection, sql, args, calls=self._calls))


async def cost(connection: Connection, sql: str, args: Sequence[Any] = (), *, calls: int = 2) -> Cost:
    """
    The cost of one statement, rolled back every time.

    It is called *calls* times in the session; the first one does not count, because functions plan then. Prepared
    statements may be carried out by a plan for these arguments or by one for any: the dearer one counts.
    """
    execute = f"execute weighed({', '.join(map(_literal, args))})" if args else "execute weighed"
    await connection.execute(f"prepare weighed as {sql}")
    try:
        costs = [await _cost_by(plan, connection, execute, calls) for plan in _PLANS]
    finally:
        await connection.execute("deallocate weighed; reset plan_cache_mode")
    return max(costs, key=lambda one: one.pages)


async def _cost_by(plan: str, connection: Connection, execute: str, calls: int) -> Cost:
    await connection.execute(f"set plan_cache_mode = {plan}")
    costs = [await _explained(connection, execute) for _ in range(calls)]
    return Cost(pages=costs[-1].pages, took_ms=statistics.median(one.took_ms for one in costs[1:]))


async def _explained(connection: Connection, execute: str) -> Cost:
    """One call, rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        text = await connection.fetchval(f"explain (analyze, buffers, format json) {execute}")
    finally:
        await transaction.rollback()
    [explained] = json.loads(text)
    top = explained["Plan"]
    return Cost(
        pages=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        took_ms=explained["Execution Time"],
    )


def _literal(value: Any) -> str:
    """*value* as SQL: EXPLAIN takes no arguments for a prepared statement."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        value = "{" + ",".join(f'"{one}"' for one in value) + "}"
    return "'" + str(value).replace("'", "''") + "'"
