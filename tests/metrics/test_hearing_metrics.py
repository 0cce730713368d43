"""The listener tells whether it hears."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.services.service_fakes import until

from retrato.domain.errors import StoreUnavailableError


@asynccontextmanager
async def listening(one):
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(one.listener.run(stop))
        await until(one.listener.connected.is_set)
        yield
        one.holdings.drained.set()
        stop.set()


async def test_hints_are_counted_and_our_own_word_is_none(replica, connection, numbers):
    one = replica()
    async with listening(one):
        before = numbers("notifications_total"), numbers("last_notification_timestamp_seconds")
        await connection.execute("notify retrato")
        await until(lambda: numbers("notifications_total"))
        connected = numbers("listener_connected")

    assert before == (0, 0)
    assert connected == 1
    assert numbers("notifications_total") == 1
    assert numbers("last_notification_timestamp_seconds") > 1.6e9
    assert numbers("listener_connected") == 0


async def test_lost_connection_is_counted_and_comes_back(replica, connection, numbers):
    one = replica()
    async with listening(one):
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_locks"
            " where locktype = 'advisory' and objsubid = 2 and objid = $1",
            one.holdings.lock_key,
        )
        await until(lambda: numbers("database_errors_total", part="listener"))
        await until(one.listener.connected.is_set)

        assert numbers("listener_connected") == 1


async def test_ping_without_an_answer_is_counted(replica, numbers):
    class HalfOpen:
        async def take_lock(self):
            raise StoreUnavailableError("no answer in time")

    with pytest.raises(StoreUnavailableError):
        await replica().listener._ping(HalfOpen())

    assert numbers("listener_pings_failed_total") == 1
