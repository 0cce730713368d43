"""A company of this test's own, personas by SQL as an application inserts them, and a queue to claim from."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from retrato.store.database import Database
from retrato.store.jobs import Jobs

EMPRESA = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def empresa(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    await connection.execute(
        "insert into empresas (id, codigo, nome, descricao) values ($1, 'T', 'Empresa', 'teste')", EMPRESA
    )
    return EMPRESA


@pytest.fixture
def insert(connection: "asyncpg.Connection[asyncpg.Record]", empresa: str) -> Callable[..., Awaitable[str]]:
    numbers = iter(range(1, 100_000))

    async def insert_persona(full_name: str = "Ana Souza", **columns: Any) -> str:
        values = {
            "persona_code": f"P{next(numbers)}",
            "full_name": full_name,
            "role": "Analista",
            "empresa_id": empresa,
            **columns,
        }
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        return str(
            await connection.fetchval(
                f"insert into personas ({', '.join(values)}) values ({places}) returning id", *values.values()
            )
        )

    return insert_persona


@pytest.fixture
def new_jobs(database: Database) -> Callable[[], Jobs]:
    """The queue as a replica of its own sees it."""
    return lambda: Jobs(database, replica_id=uuid4(), lease_s=30)


@pytest.fixture
def jobs(new_jobs: Callable[[], Jobs]) -> Jobs:
    return new_jobs()
