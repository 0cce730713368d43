"""The real process on a real Postgres, with simulated providers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests import daemon_role
from tests.e2e.processes import Shell

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

EMPRESA = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    scenario = Scenario(faces=False, latency_seconds={"default": (0.02, 0.05)})
    async with Simulator(scenario) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, dsn: str, simulator: Simulator) -> Shell:
    return Shell(tmp_path, daemon_role.product(dsn), simulator)


@pytest.fixture
async def empresa(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """A company without personas."""
    await connection.execute(
        "insert into empresas (id, codigo, nome, descricao) values ($1, 'E2E', 'Empresa de Teste', 'teste')",
        EMPRESA,
    )
    return EMPRESA


@pytest.fixture
def insert(connection: "asyncpg.Connection[asyncpg.Record]", empresa: str) -> Callable[..., Awaitable[str]]:
    """Inserts a persona as the application does; returns its id."""
    numbers = iter(range(1, 10_000))

    async def insert_persona(full_name: str = "Ana Souza", **columns: Any) -> str:
        values = {
            "persona_code": f"P{next(numbers)}",
            "full_name": full_name,
            "role": "Analista",
            "genero": "feminino",
            "empresa_id": empresa,
            **columns,
        }
        names = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        return str(
            await connection.fetchval(
                f"insert into personas ({names}) values ({places}) returning id", *values.values()
            )
        )

    return insert_persona


@pytest.fixture
def until(connection: "asyncpg.Connection[asyncpg.Record]") -> Callable[..., Awaitable[Any]]:
    """Waits until a query answers something true; returns it."""

    async def wait_until(sql: str, *args: Any, timeout_s: float = 90) -> Any:
        async with asyncio.timeout(timeout_s):
            while not (answer := await connection.fetchval(sql, *args)):  # noqa: ASYNC110 - another process works
                await asyncio.sleep(0.03)
        return answer

    return wait_until
