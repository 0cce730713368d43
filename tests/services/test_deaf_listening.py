"""Behind a pooler in transaction mode LISTEN is answered and nothing is ever heard: said once, and made up for."""

import asyncio

import asyncpg
import pytest
from service_fakes import until

from retrato.services.listener import Listener
from retrato.store.listening import CHANNEL, ListenConnection


@pytest.fixture
def deaf_replica(replica, pooled_dsn):
    """A replica that listens through the pooler; its own poll is longer than a test."""
    one = replica(poll_s=60)
    one.listener = Listener(pooled_dsn, wake=one.wake, holdings=one.holdings, echo_within_s=0.2, deaf_poll_s=0.05)
    return one


def events(logged, event):
    return [line for line in logged if line["event"] == event]


async def test_deafness_is_said_once_in_plain_words(deaf_replica, running, logged):
    one = deaf_replica
    async with running(one, ["listener"]):
        await until(lambda: events(logged, "listener.deaf"))
        # Several rounds of polls, each with another look whether it can hear.
        for _ in range(30):
            one.wake.clear()
            await until(one.wake.is_set)

    [told] = events(logged, "listener.deaf")
    assert told["log_level"] == "warning"
    assert "transaction mode" in told["reason"]
    assert "RETRATO_LISTEN_DATABASE_URL" in told["remedy"]
    assert not one.listener.connected.is_set()


async def test_deaf_replica_draws_without_waiting_for_the_poll(deaf_replica, running, company, count, logged):
    async with running(deaf_replica, ["dispatcher", "keeper", "listener"]):
        await until(lambda: events(logged, "listener.deaf"))
        await company(2)

        await until(lambda: count("retrato.avatars", "true"))


async def test_deaf_replica_claims_no_lock_that_could_speak_for_it(
    deaf_replica, running, connection, count, logged
):
    async with running(deaf_replica, ["dispatcher", "keeper", "listener"]):
        await until(lambda: events(logged, "listener.deaf"))
        await until(lambda: count("retrato.replicas"))

        known = await connection.fetchval("select locks from retrato.replicas")
        held = await count("pg_locks", f"locktype = 'advisory' and objid = {deaf_replica.holdings.lock_key}")

    assert (known, held) == (False, 0)


async def test_who_can_hear_again_says_nothing_more_and_takes_the_lock(replica, running, logged, monkeypatch):
    answers = iter([False])
    hears = ListenConnection.hears

    async def deaf_at_first(self, *, timeout_s):
        return next(answers, None) is not False and await hears(self, timeout_s=timeout_s)

    monkeypatch.setattr(ListenConnection, "hears", deaf_at_first)
    one = replica()
    one.listener = Listener(one.dsn, wake=one.wake, holdings=one.holdings, deaf_poll_s=0.01)

    async with running(one, ["listener"]):
        await until(one.listener.connected.is_set)
        await until(lambda: one.holdings.locks)

    assert len(events(logged, "listener.deaf")) == 1


async def test_word_to_oneself_wakes_nobody_else(dsn, connection):
    hints, words = [], []
    hearer = ListenConnection(dsn, lock_key=1, on_hint=lambda: hints.append(1), on_end=lambda: None)
    prober = ListenConnection(dsn, lock_key=2, on_hint=lambda: hints.append(2), on_end=lambda: None)
    await hearer.open()
    await prober.open()
    await connection.add_listener(CHANNEL, lambda *event: words.append(event[-1]))

    try:
        heard = await prober.hears()
        await connection.execute(f"notify {CHANNEL}")
        await until(lambda: sorted(hints) == [1, 2])
        await until(lambda: len(words) == 2)
    finally:
        await hearer.close()
        await prober.close()

    assert heard
    assert (len(words[0]) > 0, words[1]) == (True, "")


async def test_listening_ends_at_once_when_the_work_is_done_though_deaf(deaf_replica, running, logged):
    async with asyncio.timeout(30):
        async with running(deaf_replica, ["listener"]):
            await until(lambda: events(logged, "listener.deaf"))


async def test_pooler_mistakes_no_other_session_for_ours(pooled_dsn):
    """With one session for all, the word comes back to whoever rang it: still nobody has heard anything."""
    crowd = [await asyncpg.connect(pooled_dsn, statement_cache_size=0) for _ in range(3)]
    listening = ListenConnection(pooled_dsn, lock_key=3, on_hint=lambda: None, on_end=lambda: None)
    try:
        await listening.open()
        assert not await listening.hears(timeout_s=0.3)
    finally:
        await listening.close(abruptly=True)
        for one in crowd:
            await one.close()
