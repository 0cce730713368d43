"""What every leg book promises: the one that all replicas share, and the one under the tests of the chain."""

from collections.abc import Awaitable, Callable

import pytest
from tests.generation.chain_fakes import FakeLegBook, FakeTime

from retrato.domain.faults import POLICIES, Fault
from retrato.store.legs import LegBook

LEG = "huggingface/fal-ai"
TRANSIENT = POLICIES[Fault.TRANSIENT].breaker
THROTTLED = POLICIES[Fault.THROTTLED].breaker
SHIFT = """
    update retrato.legs
    set
        closed_until = closed_until - make_interval(secs => $1),
        probing_until = probing_until - make_interval(secs => $1)
"""


class Book:
    """A leg book, and time that passes as the test says."""

    def __init__(self, book, pass_time: Callable[[float], Awaitable[None]]) -> None:
        self._book = book
        self.pass_time = pass_time

    async def fail(self, fault=Fault.TRANSIENT, *, times=1, retry_after_s=None, leg=LEG) -> None:
        for _ in range(times):
            await self._book.failed(leg, fault=fault, reason="HTTP 500", retry_after_s=retry_after_s)

    async def succeed(self) -> None:
        await self._book.succeeded(LEG)

    async def closed(self) -> dict[str, float]:
        return await self._book.closed()

    async def closed_for_s(self) -> float:
        return (await self.closed()).get(LEG, 0)

    async def let_it_open(self) -> None:
        await self.pass_time(await self.closed_for_s() + 1)


@pytest.fixture(params=["in memory", "shared by all replicas"])
def book(request) -> Book:
    if request.param == "in memory":
        time = FakeTime()
        return Book(FakeLegBook(time), time.sleep)
    database = request.getfixturevalue("database")

    async def pass_time(seconds: float) -> None:
        await database.execute(SHIFT, seconds)

    return Book(LegBook(database), pass_time)


async def test_leg_that_was_never_asked_is_open(book):
    assert await book.closed() == {}


async def test_breaker_opens_after_so_many_faults_in_a_row(book):
    await book.fail(times=TRANSIENT.opens_after - 1)
    before = await book.closed()

    await book.fail()

    assert before == {}
    assert await book.closed_for_s() == pytest.approx(TRANSIENT.first_s, abs=2)


async def test_fault_that_closes_at_once_does_so_at_the_first_time(book):
    await book.fail(Fault.THROTTLED)

    assert await book.closed_for_s() == pytest.approx(THROTTLED.first_s, abs=2)


async def test_time_doubles_with_every_further_fault_up_to_the_longest(book):
    times_s = []

    for _ in range(6):
        await book.fail(Fault.THROTTLED)
        times_s.append(await book.closed_for_s())
        await book.let_it_open()

    assert times_s == pytest.approx([45, 90, 180, 360, 600, 600], abs=2)


@pytest.mark.parametrize(
    ("before", "times", "fault", "shut_s"),
    [
        (Fault.TRANSIENT, 3, Fault.THROTTLED, 45),
        (Fault.TRANSIENT, 3, Fault.NO_CREDIT, 900),
        (Fault.TRANSIENT, 3, Fault.LOADING, 20),
        (Fault.THROTTLED, 3, Fault.LOADING, 20),
        (Fault.THROTTLED, 3, Fault.NO_CREDIT, 900),
        (Fault.LOADING, 3, Fault.GONE, 21600),
        (Fault.THROTTLED, 3, Fault.TRANSIENT, 0),
    ],
)
async def test_faults_of_one_kind_are_not_counted_with_those_of_another(book, before, times, fault, shut_s):
    for _ in range(times):
        await book.fail(before)
        await book.let_it_open()

    await book.fail(fault)

    assert await book.closed_for_s() == pytest.approx(shut_s, abs=2)


async def test_trouble_of_a_leg_is_one_kind_in_whichever_form_it_comes(book):
    await book.fail(Fault.TRANSIENT, times=2)
    await book.fail(Fault.UNKNOWN_OUTCOME)
    await book.fail(Fault.BAD_OUTPUT)

    assert await book.closed_for_s() == pytest.approx(TRANSIENT.first_s, abs=2)


async def test_calls_that_were_under_way_when_the_leg_closed_do_not_double_the_time(book):
    await book.fail(Fault.THROTTLED, times=4)

    assert await book.closed_for_s() == pytest.approx(THROTTLED.first_s, abs=2)


async def test_trouble_of_calls_under_way_leaves_the_row_of_faults_as_it_is(book):
    await book.fail(Fault.THROTTLED)
    await book.fail(Fault.TRANSIENT, times=9)
    shut_s = await book.closed_for_s()
    await book.let_it_open()

    await book.fail(Fault.THROTTLED)

    assert shut_s == pytest.approx(THROTTLED.first_s, abs=2)
    assert await book.closed_for_s() == pytest.approx(2 * THROTTLED.first_s, abs=2)


async def test_stated_wait_goes_before_the_policys(book):
    await book.fail(Fault.THROTTLED, retry_after_s=7)

    assert await book.closed_for_s() == pytest.approx(7, abs=2)


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.LOADING])
async def test_invitation_to_come_back_at_once_is_no_statement(book, fault):
    times_s = []

    for _ in range(2):
        await book.fail(fault, retry_after_s=0)
        times_s.append(await book.closed_for_s())
        await book.let_it_open()

    assert times_s == pytest.approx([POLICIES[fault].breaker.first_s, 2 * POLICIES[fault].breaker.first_s], abs=2)


async def test_leg_that_is_only_in_trouble_stays_open_when_it_invites_to_come_back_at_once(book):
    await book.fail(Fault.TRANSIENT, retry_after_s=0)

    assert await book.closed() == {}


async def test_stated_wait_is_honoured_though_the_policy_would_not_close_yet(book):
    await book.fail(Fault.TRANSIENT, retry_after_s=7)

    assert await book.closed_for_s() == pytest.approx(7, abs=2)


@pytest.mark.parametrize(("stated_s", "shut_s"), [(2, 900), (0, 900), (4000, 4000)])
async def test_where_a_person_must_act_a_stated_wait_only_lengthens_the_time(book, stated_s, shut_s):
    await book.fail(Fault.NO_CREDIT, retry_after_s=stated_s)

    assert await book.closed_for_s() == pytest.approx(shut_s, abs=2)


async def test_leg_is_never_opened_earlier_than_it_already_is(book):
    await book.fail(Fault.AUTH)
    await book.fail(Fault.THROTTLED, retry_after_s=1)

    assert await book.closed_for_s() == pytest.approx(3600, abs=2)


async def test_worse_fault_lengthens_the_time_of_a_closed_leg(book):
    await book.fail(Fault.THROTTLED)
    await book.fail(Fault.AUTH)

    assert await book.closed_for_s() == pytest.approx(3600, abs=2)


async def test_success_ends_the_row_of_faults(book):
    await book.fail(times=TRANSIENT.opens_after - 1)

    await book.succeed()
    await book.fail()

    assert await book.closed() == {}


async def test_success_opens_the_leg(book):
    await book.fail(Fault.THROTTLED)

    await book.succeed()

    assert await book.closed() == {}


async def test_faults_of_the_prompt_do_not_count_against_the_leg(book):
    await book.fail(times=TRANSIENT.opens_after - 1)
    await book.fail(Fault.REFUSED, times=9)
    await book.fail(Fault.BAD_REQUEST, times=9)

    assert await book.closed() == {}


async def test_legs_are_closed_one_by_one(book):
    await book.fail(Fault.THROTTLED)
    await book.fail(Fault.LOADING, leg="fal/run")

    assert await book.closed() == pytest.approx({LEG: 45, "fal/run": 20}, abs=2)
