"""The legs' breakers, shared by all replicas, by the server's clock."""

import pytest

from retrato.domain.faults import POLICIES, Fault
from retrato.store.legs import LegBook
from retrato.store.status import Status

LEG = "huggingface/fal-ai"
TRANSIENT = POLICIES[Fault.TRANSIENT].breaker
THROTTLED = POLICIES[Fault.THROTTLED].breaker


@pytest.fixture
def legs(database):
    return LegBook(database)


@pytest.fixture
def time_passes(connection):
    """Opens the leg as time would."""

    async def time_passes():
        await connection.execute("update retrato.legs set closed_until = now() - interval '1 second'")

    return time_passes


async def fail(legs, fault=Fault.TRANSIENT, *, times=1, retry_after_s=None):
    for _ in range(times):
        await legs.failed(LEG, fault=fault, reason="HTTP 500", retry_after_s=retry_after_s)


async def closed_for_s(legs):
    return (await legs.closed()).get(LEG, 0)


async def test_leg_that_was_never_asked_is_open(legs):
    assert await legs.closed() == {}


async def test_breaker_opens_after_so_many_faults_in_a_row(legs):
    await fail(legs, times=TRANSIENT.opens_after - 1)
    before = await legs.closed()

    await fail(legs)

    assert before == {}
    assert await closed_for_s(legs) == pytest.approx(TRANSIENT.first_s, abs=2)


async def test_fault_that_closes_at_once_does_so_at_the_first_time(legs):
    await fail(legs, Fault.THROTTLED)

    assert await closed_for_s(legs) == pytest.approx(THROTTLED.first_s, abs=2)


async def test_time_doubles_with_every_further_fault_up_to_the_longest(legs, time_passes):
    times_s = []

    for _ in range(6):
        await fail(legs, Fault.THROTTLED)
        times_s.append(await closed_for_s(legs))
        await time_passes()

    assert times_s == pytest.approx([45, 90, 180, 360, 600, 600], abs=2)


async def test_calls_that_were_under_way_when_the_leg_closed_do_not_double_the_time(legs):
    await fail(legs, Fault.THROTTLED, times=4)

    assert await closed_for_s(legs) == pytest.approx(THROTTLED.first_s, abs=2)


async def test_stated_wait_goes_before_the_policys(legs):
    await fail(legs, Fault.THROTTLED, retry_after_s=7)

    assert await closed_for_s(legs) == pytest.approx(7, abs=2)


async def test_stated_wait_is_honoured_though_the_policy_would_not_close_yet(legs):
    await fail(legs, Fault.TRANSIENT, retry_after_s=7)

    assert await closed_for_s(legs) == pytest.approx(7, abs=2)


async def test_leg_is_never_opened_earlier_than_it_already_is(legs):
    await fail(legs, Fault.AUTH)
    await fail(legs, Fault.THROTTLED, retry_after_s=1)

    assert await closed_for_s(legs) == pytest.approx(3600, abs=2)


async def test_worse_fault_lengthens_the_time_of_a_closed_leg(legs):
    await fail(legs, Fault.THROTTLED)
    await fail(legs, Fault.AUTH)

    assert await closed_for_s(legs) == pytest.approx(3600, abs=2)


async def test_success_ends_the_row_of_faults(legs):
    await fail(legs, times=TRANSIENT.opens_after - 1)

    await legs.succeeded(LEG)
    await fail(legs)

    assert await legs.closed() == {}


async def test_success_opens_the_leg(legs):
    await fail(legs, Fault.THROTTLED)

    await legs.succeeded(LEG)

    assert await legs.closed() == {}


async def test_faults_of_the_prompt_do_not_count_against_the_leg(legs):
    await fail(legs, Fault.REFUSED, times=9)
    await fail(legs, Fault.BAD_REQUEST, times=9)

    assert await legs.closed() == {}


async def test_legs_are_told_with_why_they_are_closed(legs, database):
    await fail(legs, Fault.AUTH)
    await legs.succeeded("pollinations")

    closed, opened = await Status(database).legs()

    assert (closed.leg, closed.closed, closed.last_fault, closed.reason) == (LEG, True, "auth", "HTTP 500")
    assert (opened.leg, opened.closed, opened.faults_in_row) == ("pollinations", False, 0)
