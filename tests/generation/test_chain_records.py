"""What is written down about each call, and when: nothing paid is forgotten, nothing is paid unasked."""

import asyncio

import pytest
from chain_fakes import JOB, FakeLeg, FakeResumableLeg, Studio, order_for

from retrato.domain.errors import (
    BusyError,
    DownError,
    LeaseLostError,
    RefusedError,
    StoreUnavailableError,
    UnknownOutcomeError,
)
from retrato.domain.faults import Fault


async def test_every_call_has_its_row_and_its_end(studio: Studio):
    down = DownError("502", leg="a/1")
    legs = [FakeLeg("a/1", down, BusyError("429", leg="a/1")), FakeLeg("b/1", request_id="r7")]

    await studio.chain(*legs).draw(JOB, version=1, order_for=order_for)

    assert [(row.leg, row.state, row.fault) for row in studio.attempts.rows] == [
        ("a/1", "failed", Fault.TRANSIENT),
        ("a/1", "failed", Fault.THROTTLED),
        ("b/1", "succeeded", None),
    ]
    assert studio.attempts.rows[2].request_id == "r7"
    assert studio.attempts.rows[2].cost_usd == 0.025
    assert studio.book.events == [("a/1", "transient"), ("a/1", "throttled"), ("b/1", "succeeded")]


async def test_row_is_committed_before_the_call(studio: Studio):
    rows_at_call: list[int] = []
    leg = FakeLeg("a/1", during=lambda: rows_at_call.append(len(studio.attempts.rows)))

    await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert rows_at_call == [1]


async def test_bad_picture_was_paid_for_and_counts_against_its_leg(studio: Studio):
    await studio.chain(FakeLeg("a/1", b"bad", b"picture")).draw(JOB, version=1, order_for=order_for)

    bad = studio.attempts.rows[0]
    assert (bad.state, bad.fault, bad.cost_usd) == ("failed", Fault.BAD_OUTPUT, 0.025)
    assert "all black" in (bad.error or "")
    assert studio.book.events[0] == ("a/1", "bad_output")


async def test_lost_lease_travels_up_and_nothing_is_called(studio: Studio):
    studio.attempts.is_lost = True
    leg = FakeLeg("a/1")

    with pytest.raises(LeaseLostError):
        await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == []


async def test_overdue_heartbeat_starts_no_call(studio: Studio):
    leg = FakeLeg("a/1")

    with pytest.raises(LeaseLostError, match="heartbeat"):
        await studio.chain(leg, may_start=lambda: False).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == []
    assert studio.attempts.rows == []


async def test_overdue_heartbeat_starts_no_retry(studio: Studio):
    leg = FakeLeg("a/1", DownError("502", leg="a/1"))

    with pytest.raises(LeaseLostError):
        await studio.chain(leg, may_start=lambda: not leg.seeds).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == [100]


async def test_cancelling_travels_on_and_leaves_the_row_as_it_is(studio: Studio):
    leg = FakeLeg("a/1", asyncio.CancelledError(), request_id="r1")

    with pytest.raises(asyncio.CancelledError):
        await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    (row,) = studio.attempts.rows
    assert (row.state, row.request_id) == ("sending", "r1")
    assert studio.book.events == []


async def test_picture_in_hand_outlives_the_database(studio: Studio):
    studio.attempts.trouble = StoreUnavailableError("away")

    drawn = await studio.chain(FakeLeg("a/1", request_id="r1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.picture.image == b"picture"


async def test_resumed_request_is_one_attempt_and_is_not_ordered_again(studio: Studio):
    unknown = UnknownOutcomeError("silence", leg="a/1", request_id="r1")
    leg = FakeResumableLeg("a/1", unknown, later=[unknown, b"picture"])

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    (row,) = studio.attempts.rows
    assert (row.state, row.request_id) == ("succeeded", "r1")
    assert leg.seeds == [100]
    assert leg.resumed == ["r1", "r1"]
    assert studio.time.slept == [3, 6]
    assert drawn.attempts == 1


async def test_request_that_cannot_be_learnt_about_ends_as_unknown(studio: Studio):
    unknown = UnknownOutcomeError("silence", leg="a/1", request_id="r1")
    leg = FakeResumableLeg("a/1", unknown, later=[unknown])

    drawn = await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert [(row.leg, row.state, row.fault) for row in studio.attempts.rows] == [
        ("a/1", "failed", Fault.UNKNOWN_OUTCOME),
        ("b/1", "succeeded", None),
    ]


async def test_request_that_turns_out_to_have_failed_is_ordered_anew(studio: Studio):
    unknown = UnknownOutcomeError("silence", leg="a/1", request_id="r1")
    leg = FakeResumableLeg("a/1", unknown, later=[DownError("failed", leg="a/1")])
    leg_script_after = [b"picture"]

    async def draw_later(seconds: float) -> None:
        await studio.time.sleep(seconds)
        if leg.resumed:
            leg._script = leg_script_after

    drawn = await studio.chain(leg, sleep=draw_later).draw(JOB, version=1, order_for=order_for)

    assert [(row.state, row.fault) for row in studio.attempts.rows] == [
        ("failed", Fault.TRANSIENT),
        ("succeeded", None),
    ]
    assert leg.seeds == [100, 100]
    assert drawn.attempts == 2


async def test_request_that_the_provider_has_lost_is_not_resumed(studio: Studio):
    lost = UnknownOutcomeError("404", leg="a/1", request_id=None)
    leg = FakeResumableLeg("a/1", lost, later=[b"picture"])

    drawn = await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert leg.resumed == []


async def test_refusal_is_written_down(studio: Studio):
    with pytest.raises(RefusedError):
        await studio.chain(FakeLeg("a/1", RefusedError("no", leg="a/1"))).draw(JOB, version=1, order_for=order_for)

    assert studio.attempts.rows[0].fault is Fault.REFUSED
