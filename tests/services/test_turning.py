"""Dispatcher and keeper show that they turn whatever they wait for; after the last job nobody asks them to."""

import math
from collections import Counter

import pytest
from service_fakes import until

from retrato.supervise import Pulse


class CountingPulse(Pulse):
    """Knows how often each part has turned."""

    def __init__(self):
        super().__init__(limit_s=math.inf)
        self.turns = Counter()

    def turned(self, part):
        super().turned(part)
        self.turns[part] += 1

    async def turns_on(self):
        """Return when both have turned three times more."""
        self.turns.clear()
        await until(lambda: min(self.turns["dispatcher"], self.turns["keeper"]) >= 3)


@pytest.fixture
def pulse():
    return CountingPulse()


async def test_they_turn_while_there_is_nothing_to_do(replica, running, pulse):
    async with running(replica(pulse=pulse)):
        await pulse.turns_on()


async def test_they_turn_while_all_permits_are_taken(replica, running, company, pulse):
    one = replica(pulse=pulse, concurrency=1)
    one.pipeline.gate.clear()
    await company(2)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 1)
        await pulse.turns_on()
        one.pipeline.gate.set()


async def test_they_turn_while_the_turn_is_far_away(replica, running, company, pulse):
    one = replica(pulse=pulse, pace_s=3600)
    await company(2)

    async with running(one):
        await until(lambda: len(one.pipeline.begun) == 1)
        await pulse.turns_on()


async def test_they_turn_while_the_database_is_away(replica, running, pulse):
    one = replica(pulse=pulse)
    one.jobs.outages |= {"claim": 1000, "heartbeat": 1000}

    async with running(one):
        await pulse.turns_on()


async def test_nothing_is_expected_of_those_that_have_ended(replica, running, pulse):
    async with running(replica(pulse=pulse)):
        await pulse.turns_on()

    assert pulse._turned_at == {}


async def test_other_pace_holds_from_the_next_start_on(replica, running, company, count):
    one = replica(pace_s=3600)
    await company(3)

    async with running(one):
        await until(lambda: len(one.pipeline.begun) == 1)
        one.dispatcher.repace(0)
        await until(lambda: len(one.pipeline.begun) == 3)

    assert await count("retrato.avatars") == 3
