"""The listener: never deaf unnoticed, and the replica's lock lives as long as its connection."""

import asyncio

import pytest
from service_fakes import until

from retrato.domain.errors import ConfigError
from retrato.services.listener import Listener
from retrato.store.queries import REPLICA_LOCK_CLASS


@pytest.fixture
def sessions_with_the_lock(connection):
    """Process ids of the sessions that hold the replica's advisory lock."""

    async def ask(one) -> list[int]:
        rows = await connection.fetch(
            "select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 2 "
            "and database = (select oid from pg_database where datname = current_database()) "
            "and classid = $1 and objid = $2",
            REPLICA_LOCK_CLASS,
            one.holdings.lock_key,
        )
        return [row["pid"] for row in rows]

    return ask


async def test_lock_is_held_while_connected_and_let_go_at_the_end(replica, running, sessions_with_the_lock):
    one = replica()

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        holders, known = await sessions_with_the_lock(one), one.holdings.locks

    assert (len(holders), known) == (1, True)
    await until(lambda: _none(sessions_with_the_lock(one)))
    assert not one.holdings.locks


async def test_lock_is_taken_again_after_a_broken_connection(
    replica, running, connection, sessions_with_the_lock, logged
):
    one = replica()

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        [first] = await sessions_with_the_lock(one)
        await connection.execute("select pg_terminate_backend($1)", first)
        await until(lambda: [line["event"] for line in logged].count("listener.connected") == 2)
        await until(lambda: one.holdings.locks)
        [second] = await sessions_with_the_lock(one)

    assert first != second
    assert [line["log_level"] for line in logged if line["event"] == "listener.disconnected"] == ["warning"]


async def test_everything_is_looked_at_once_more_after_a_broken_connection(
    replica, running, connection, sessions_with_the_lock, count
):
    one = replica(poll_s=60)

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        one.wake.clear()
        one.holdings.stirred.clear()
        [session] = await sessions_with_the_lock(one)
        await connection.execute("select pg_terminate_backend($1)", session)
        await until(one.wake.is_set)
        stirred = one.holdings.stirred.is_set()

    assert stirred


async def test_persona_inserted_while_the_connection_was_broken_is_drawn_without_waiting_for_the_poll(
    replica, running, connection, company, sessions_with_the_lock, count
):
    one = replica(poll_s=60)

    async with running(one, ["dispatcher", "keeper", "listener"]):
        await until(one.listener.connected.is_set)
        [session] = await sessions_with_the_lock(one)
        async with connection.transaction():
            await connection.execute("select pg_terminate_backend($1)", session)
            await company(1)
        await until(lambda: count("retrato.avatars"), within_s=4)


async def test_bell_is_heard_on_the_new_connection_too(
    replica, running, connection, sessions_with_the_lock, logged
):
    one = replica()

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        [session] = await sessions_with_the_lock(one)
        await connection.execute("select pg_terminate_backend($1)", session)
        await until(lambda: [line["event"] for line in logged].count("listener.connected") == 2)
        one.wake.clear()
        await connection.execute("notify retrato")
        await until(one.wake.is_set)


async def test_others_are_not_judged_right_after_the_connection_has_come_back(replica, running):
    one = replica()
    one.holdings._unsettled_at -= 60

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)

        assert one.holdings.settled_for_s() < 5


async def test_lock_that_an_older_session_still_holds_is_taken_as_soon_as_it_is_free(
    replica, running, other_connection
):
    one = replica()
    key = (REPLICA_LOCK_CLASS, one.holdings.lock_key)
    await other_connection.execute("select pg_advisory_lock($1::integer, $2::integer)", *key)

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        at_first = one.holdings.locks
        await other_connection.execute("select pg_advisory_unlock($1::integer, $2::integer)", *key)
        await until(lambda: one.holdings.locks)

    assert not at_first


async def test_database_that_is_away_is_asked_again_with_growing_waits(replica, running, logged):
    one = replica()
    one.listener = Listener("postgresql://nobody@127.0.0.1:1/none", wake=one.wake, holdings=one.holdings)

    async with running(one, ["listener"]):
        await until(lambda: len(logged) >= 3)
        away = not one.listener.connected.is_set()

    waits_s = [line["again_in_s"] for line in logged if line["event"] == "listener.disconnected"][:3]
    assert waits_s == sorted(waits_s)
    assert away
    assert not one.holdings.locks


@pytest.fixture
async def clerk(dsn, connection):
    """Address of a role whose password the test may change."""
    await connection.execute("create role clerk login password 'first'")
    yield f"postgresql://clerk:first@{dsn.rpartition('@')[2]}"
    await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'clerk'")
    await connection.execute("drop role clerk")


async def test_password_that_changes_while_listening_is_waited_for(replica, running, connection, clerk, logged):
    one = replica()
    one.listener = Listener(clerk, wake=one.wake, holdings=one.holdings)

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        await connection.execute("alter role clerk password 'second'")
        await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'clerk'")
        await until(lambda: any("password" in line.get("error", "") for line in logged))
        await connection.execute("alter role clerk password 'first'")
        await until(one.listener.connected.is_set)


async def test_wrong_password_from_the_beginning_is_a_setting_to_mend(replica, connection, clerk):
    await connection.execute("alter role clerk password 'second'")
    one = replica()

    with pytest.raises(ConfigError, match="not accepted"):
        await Listener(clerk, wake=one.wake, holdings=one.holdings).run(asyncio.Event())


async def test_waits_begin_anew_after_each_connection_that_was_made(
    replica, running, connection, sessions_with_the_lock, logged
):
    one = replica()

    async with running(one, ["listener"]):
        for connections in (1, 2, 3):
            await until(lambda n=connections: [x["event"] for x in logged].count("listener.connected") == n)
            [session] = await sessions_with_the_lock(one)
            await connection.execute("select pg_terminate_backend($1)", session)
        await until(lambda: [line["event"] for line in logged].count("listener.disconnected") == 3)

    waits_s = [line["again_in_s"] for line in logged if line["event"] == "listener.disconnected"]
    assert max(waits_s) <= 0.1


async def test_lock_lives_until_the_last_job_is_handed_back(replica, running, company, sessions_with_the_lock):
    one = replica(grace_s=0.3)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one, ["dispatcher", "keeper", "listener"]) as stop:
        await until(lambda: one.pipeline.begun and one.holdings.locks)
        stop.set()
        await asyncio.sleep(0.1)
        holders = await sessions_with_the_lock(one)

    assert len(holders) == 1


async def _none(asked) -> bool:
    return not await asked
