"""
The core of the matrix on every kind of server: Postgres 18, Debian's Postgres 15, and behind PgBouncer.

PgBouncer works in transaction mode here, so a session's settings, locks and LISTEN do not survive it; the replicas
listen past it, straight at Postgres.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.e2e.processes import Shell
from tests.system.phases import ordered, slow_providers
from tests.system.servers import PostgresServer, outage, pgbouncer
from tests.system.stage import now
from tests.tools import lacks, needs

from retrato.embedded.binaries import choose_binaries
from retrato.simulator.server import Simulator

pytestmark = pytest.mark.timeout(180)

EMBEDDED, DEBIAN, POOLED = "Postgres 18", "Postgres 15", "PgBouncer"


@pytest.fixture(scope="module", params=[EMBEDDED, DEBIAN, POOLED])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == DEBIAN and choose_binaries(prefer="system", major=None).origin != "system":
        lacks("postgres", untested="another Postgres than the bundled one")
    if request.param == POOLED:
        needs("pgbouncer", untested="everything behind a pooler")
    return str(request.param)


@pytest.fixture(scope="module")
def server(kind: str) -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="retrato-system-") as folder:
        running = PostgresServer(Path(folder), prefer="system" if kind == DEBIAN else "bundled")
        yield running
        running.close()


@pytest.fixture
def shell(
    kind: str, server: PostgresServer, tmp_path: Path, direct_dsn: str, simulator: Simulator
) -> Iterator[Shell]:
    shell = Shell(tmp_path, direct_dsn, simulator)
    if kind != POOLED:
        yield shell
        return
    with tempfile.TemporaryDirectory(prefix="retrato-pooler-") as folder, pgbouncer(Path(folder), server) as port:
        pooled = urlsplit(direct_dsn)
        user = pooled.netloc.rpartition("@")[0]
        shell.env |= {
            "RETRATO_DATABASE_URL": pooled._replace(netloc=f"{user}@127.0.0.1:{port}").geturl(),
            "RETRATO_LISTEN_DATABASE_URL": direct_dsn,
            "RETRATO_STATEMENT_CACHE_SIZE": "0",
        }
        yield shell


async def test_every_persona_gets_one_avatar(stage, kind):
    await stage.replicas.start(2)
    personas = await stage.application.insert(15)
    for _ in range(5):
        personas += await stage.application.insert()

    await stage.application.all_ready(personas)

    version = await stage.application.value("show server_version")
    assert version.startswith("15." if kind == DEBIAN else "18.")
    assert len(stage.simulator.world.ledger.orders()) == 20
    await stage.settle(f"{kind}: nothing breaks", remark=f"PostgreSQL {version}")


@slow_providers
async def test_killed_replicas_call_is_resumed_by_another(stage, kind):
    await stage.replicas.start(2)
    (persona,) = await stage.application.insert()
    holder = await stage.replicas.holder(persona)
    await ordered(stage, 1)

    killed_at = now()
    await holder.kill()
    recovery_s = await stage.claimed_since(killed_at, personas=[persona])

    await stage.application.all_ready([persona])
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle(f"{kind}: SIGKILL in mid-call", recovery_s=recovery_s, limit_s=6)


@slow_providers
async def test_restart_of_postgres_costs_nothing(stage, kind, server):
    # With permits to spare, or the next claim would wait for a provider.
    await stage.replicas.start(2, RETRATO_CONCURRENCY="16")
    personas = await stage.application.insert(8)
    await ordered(stage, 4)

    await outage(server, down_s=1)
    answered_at = now()
    later = await stage.application.insert()
    recovery_s = await stage.claimed_since(answered_at)

    await stage.application.all_ready([*personas, *later])
    assert await stage.takeovers() == 0
    assert len(stage.simulator.world.ledger.orders()) == 9
    await stage.settle(f"{kind}: Postgres immediate stop, 1 s down", recovery_s=recovery_s, limit_s=1)


@slow_providers
async def test_terminated_backends_cost_nothing(stage, kind):
    await stage.replicas.start(2, RETRATO_CONCURRENCY="16")
    personas = await stage.application.insert(20)

    for _ in range(4):
        await asyncio.sleep(0.5)
        terminated_at = now()
        await stage.application.fetch(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
            """
        )
    later = await stage.application.insert()
    recovery_s = await stage.claimed_since(terminated_at)

    await stage.application.all_ready([*personas, *later])
    assert await stage.takeovers() == 0
    await stage.settle(f"{kind}: pg_terminate_backend of all, four times", recovery_s=recovery_s, limit_s=1)


async def test_lost_reply_to_the_commit_of_the_write_back_is_found_out(stage, kind):
    (replica,) = await stage.replicas.start(wired=True)
    lost = replica.wires.pool.lose_commit("retrato.write_back(")

    personas = await stage.application.insert()

    await stage.application.all_ready(personas)
    assert lost.is_set()
    assert len(stage.simulator.world.ledger.orders()) == 1
    await replica.daemon.said("avatar.finished")
    await stage.settle(f"{kind}: reply to the write-back's COMMIT lost")


@slow_providers
async def test_dropped_connections_take_nothing_over(stage, kind):
    replicas = await stage.replicas.start(2, wired=True, RETRATO_CONCURRENCY="16")
    personas = await stage.application.insert(8)
    await ordered(stage, 4)

    dropped_at = now()
    for replica in replicas:
        replica.wires.drop()
    later = await stage.application.insert()
    recovery_s = await stage.claimed_since(dropped_at)

    await stage.application.all_ready([*personas, *later])
    assert await stage.takeovers() == 0
    assert len(stage.simulator.world.ledger.orders()) == 9
    await stage.settle(f"{kind}: every connection dropped", recovery_s=recovery_s, limit_s=1)
