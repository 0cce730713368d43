"""When nobody can draw now: why, and when to come back."""

import asyncio

import pytest
from chain_fakes import JOB, FakeLeg, FakeProvider, FakeResumableLeg, Studio, order_for

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    ChainExhaustedError,
    DownError,
    GoneError,
    MisconfiguredError,
    UnknownOutcomeError,
)
from retrato.domain.faults import Fault
from retrato.domain.picture import Picture
from retrato.generation.chain import Chain


async def _exhausted(chain: Chain) -> ChainExhaustedError:
    with pytest.raises(ChainExhaustedError) as caught:
        await chain.draw(JOB, version=1, order_for=order_for)
    return caught.value


async def test_all_closed_tells_the_earliest_opening(studio: Studio):
    studio.book.close("a/1", 90)
    studio.book.close("b/1", 40)
    studio.book.close("c/1", 5)

    error = await _exhausted(studio.chain(FakeLeg("a/1"), FakeLeg("b/1")))

    assert error.retry_after_s == 40
    assert error.errors == ()


async def test_all_throttled_tells_the_shortest_stated_wait(studio: Studio):
    legs = [
        FakeLeg("a/1", BusyError("429", leg="a/1", retry_after_s=120)),
        FakeLeg("b/1", BusyError("429", leg="b/1", retry_after_s=7)),
    ]

    error = await _exhausted(studio.chain(*legs))

    assert error.retry_after_s == 7
    assert [each.leg for each in error.errors] == ["a/1", "b/1"]
    assert studio.time.slept == []


async def test_trouble_that_may_pass_says_when_to_come_back(studio: Studio):
    error = await _exhausted(studio.chain(FakeLeg("a/1", DownError("502", leg="a/1")), waits_s=()))

    assert error.retry_after_s == 30


async def test_request_that_nobody_understands_is_not_helped_by_waiting(studio: Studio):
    error = await _exhausted(studio.chain(FakeLeg("a/1", BadRequestError("400", leg="a/1"))))

    assert error.retry_after_s is None


async def test_missing_key_is_told_and_not_waited_for(studio: Studio):
    keyless = FakeProvider(error=MisconfiguredError("no key; set HUGGINGFACE_API_KEY", leg="huggingface"))

    error = await _exhausted(studio.chain(keyless))

    assert error.retry_after_s is None
    assert "HUGGINGFACE_API_KEY" in str(error)


async def test_model_that_is_not_served_is_waited_for_until_the_next_lookup(studio: Studio):
    nowhere = FakeProvider(error=GoneError("nobody", leg="huggingface", retry_after_s=600))

    assert (await _exhausted(studio.chain(nowhere))).retry_after_s == 600


async def test_no_retry_is_begun_that_would_not_be_in_time(studio: Studio):
    leg = FakeLeg("a/1", DownError("502", leg="a/1"))

    await _exhausted(studio.chain(leg, deadline_s=10))

    assert studio.time.slept == [3]
    assert len(leg.seeds) == 2


async def test_no_further_leg_is_asked_when_the_time_is_nearly_up(studio: Studio):
    def take_long() -> None:
        studio.time.now += 57

    first = FakeLeg("a/1", BusyError("429", leg="a/1", retry_after_s=500), during=take_long)
    second = FakeLeg("b/1")

    error = await _exhausted(studio.chain(first, second, deadline_s=60))

    assert second.seeds == []
    assert error.retry_after_s == 1
    assert [each.leg for each in error.errors] == ["a/1"]


async def test_call_that_hangs_is_cut_at_the_deadline_and_can_be_resumed(studio: Studio):
    leg = FakeResumableLeg("a/1", later=[b"picture"], request_id="r9", hangs=True)

    error = await _exhausted(studio.chain(leg, deadline_s=0.05))

    assert isinstance(error.errors[0], UnknownOutcomeError)
    assert error.errors[0].request_id == "r9"
    (row,) = studio.attempts.rows
    assert (row.state, row.fault, row.request_id) == ("failed", Fault.UNKNOWN_OUTCOME, "r9")


async def test_finishing_that_hangs_is_cut_at_the_deadline_and_its_attempt_keeps_its_cost(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("retrato.generation.turn.SHORTEST_CALL_S", 0.05)

    async def hang(*_: object) -> Picture:
        await asyncio.Event().wait()
        raise AssertionError

    error = await _exhausted(studio.chain(FakeLeg("a/1"), finish=hang, deadline_s=0.05))

    assert isinstance(error.errors[0], BadPictureError)
    assert "time was up" in str(error.errors[0])
    (row,) = studio.attempts.rows
    assert (row.state, row.fault, row.cost_usd) == ("failed", Fault.BAD_OUTPUT, 0.025)


async def test_exhaustion_keeps_every_attempts_error_in_order(studio: Studio):
    legs = [
        FakeLeg("a/1", DownError("one", leg="a/1"), DownError("two", leg="a/1")),
        FakeLeg("b/1", BusyError("three", leg="b/1")),
    ]

    error = await _exhausted(studio.chain(*legs, waits_s=(1,)))

    assert [str(each) for each in error.errors] == ["one", "two", "three"]
