"""The proxy itself, between asyncpg and a real Postgres: each fault does what its name says and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.system.proxy import Proxy, Way

_BROKEN = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


@pytest.fixture
async def proxy(direct_dsn: str) -> AsyncIterator[Proxy]:
    async with Proxy(direct_dsn) as running:
        yield running


@pytest.fixture
async def through(proxy: Proxy) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection through the proxy."""
    connection = await asyncpg.connect(proxy.dsn, timeout=5)
    yield connection
    connection.terminate()


@pytest.fixture
async def straight(direct_dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection past the proxy, on which the table ``noted`` was made."""
    connection = await asyncpg.connect(direct_dsn)
    await connection.execute("create table noted (word text)")
    yield connection
    connection.terminate()


async def test_without_a_fault_everything_passes(through):
    assert await through.fetchval("select $1::text", "x" * 1_000_000) == "x" * 1_000_000


async def test_drop_closes_every_connection_and_takes_new_ones(proxy, through):
    proxy.drop()

    with pytest.raises(_BROKEN):
        await through.fetchval("select 1", timeout=5)
    again = await asyncpg.connect(proxy.dsn, timeout=5)
    assert await again.fetchval("select 1") == 1
    again.terminate()


async def test_refused_connections_meet_a_closed_port_while_old_ones_live(proxy, through):
    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(proxy.dsn, timeout=5)
    assert await through.fetchval("select 1") == 1
    await proxy.accept()
    again = await asyncpg.connect(proxy.dsn, timeout=5)
    again.terminate()


async def test_delay_counts_in_both_directions_and_once_a_batch(proxy, through):
    await through.fetchval("select $1::integer", 1)
    proxy.delay_s = 0.2
    began = asyncio.get_running_loop().time()

    await through.fetchval("select $1::integer", 1)

    assert 0.4 <= asyncio.get_running_loop().time() - began < 0.8


@pytest.mark.parametrize(("ways", "arrives"), [((Way.TO_SERVER,), False), ((Way.TO_CLIENT,), True), ((), False)])
async def test_silence_keeps_the_socket_open_and_delivers_late(proxy, through, straight, ways, arrives):
    proxy.silence(*ways)

    waiting = asyncio.create_task(through.execute("insert into noted values ('late')"))
    await asyncio.sleep(0.5)

    assert not waiting.done()
    assert await straight.fetchval("select exists (select from noted)") is arrives
    proxy.speak()
    assert await waiting == "INSERT 0 1"


async def test_silence_spares_new_connections_unless_told_otherwise(proxy, through):
    proxy.silence()
    spared = await asyncpg.connect(proxy.dsn, timeout=5)
    spared.terminate()

    proxy.silence(new_ones_too=True)

    with pytest.raises(TimeoutError):
        await asyncpg.connect(proxy.dsn, timeout=0.5)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("size_bytes", [0, 1, 7, 20])
async def test_cut_lets_exactly_so_many_bytes_through(proxy, through, straight, way, size_bytes):
    proxy.cut_after(size_bytes, way)

    with pytest.raises(_BROKEN):
        await through.execute("insert into noted values ('a word that makes the statement long')", timeout=5)

    # The statement is longer than all of these; so is its answer, which comes when it has taken place.
    assert await straight.fetchval("select exists (select from noted)") is (way is Way.TO_CLIENT)


async def test_cut_happens_once(proxy, through):
    proxy.cut_after(0, Way.TO_SERVER)
    with pytest.raises(_BROKEN):
        await through.fetchval("select 1", timeout=5)

    again = await asyncpg.connect(proxy.dsn, timeout=5)
    assert await again.fetchval("select 1") == 1
    again.terminate()


@pytest.mark.parametrize("cache", [100, 0])
async def test_lost_commit_hits_the_nth_statement_and_leaves_its_effect(proxy, straight, cache):
    connection = await asyncpg.connect(proxy.dsn, timeout=5, statement_cache_size=cache)
    lost = proxy.lose_commit("into noted", nth=2)

    await connection.execute("insert into noted values ($1)", "first")
    assert await connection.fetchval("select 1") == 1
    with pytest.raises(_BROKEN):
        await connection.execute("insert into noted values ($1)", "second", timeout=5)

    assert lost.is_set()
    assert await straight.fetchval("select count(*) from noted") == 2


async def test_lost_commit_is_that_of_the_transaction_where_there_is_one(proxy, through, straight):
    lost = proxy.lose_commit("into noted")
    async with through.transaction():
        await through.execute("select 1")

    transaction = through.transaction()
    await transaction.start()
    await through.execute("insert into noted values ($1)", "kept")
    assert not lost.is_set()
    with pytest.raises(_BROKEN):
        await transaction.commit()

    assert lost.is_set()
    assert await straight.fetchval("select count(*) from noted") == 1


async def test_lost_commit_may_leave_the_client_waiting(proxy, through, straight):
    proxy.lose_commit("into noted", then_cut=False)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), through.transaction():
            await through.execute("insert into noted values ($1)", "kept")

    assert await straight.fetchval("select count(*) from noted") == 1
