"""A bug of ours in a leg, or in finishing, ends one call: its books are closed, and the next leg is asked."""

from contextlib import suppress
from uuid import uuid4

import pytest
from chain_fakes import JOB, FakeLeg, FakeProvider, FakeResumableLeg, Studio, finish, order_for
from structlog.testing import capture_logs

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    ChainExhaustedError,
    CheckerError,
    DownError,
    MisconfiguredError,
    OutOfCreditError,
    RefusedError,
    UnknownOutcomeError,
)
from retrato.domain.faults import Fault
from retrato.generation.chain import Chain
from retrato.metrics.metrics import Metrics
from retrato.store import sample
from retrato.store.attempts import AttemptLog
from retrato.store.jobs import Jobs
from retrato.store.legs import LegBook

BUG = ZeroDivisionError("nobody thought of this")
UNFORESEEN = [BUG, RecursionError(), MemoryError(), KeyError("x"), UnicodeError("x"), OSError("x"), TimeoutError()]
UNFORESEEN += [AssertionError(), ExceptionGroup("x", [BUG])]


async def _stumbles(_data: bytes, _width: int, _height: int):
    raise OSError("broken data stream when writing image file")


@pytest.mark.parametrize("bug", UNFORESEEN, ids=lambda bug: type(bug).__name__)
async def test_next_leg_draws_what_one_could_not_for_a_bug(studio: Studio, bug: Exception):
    with capture_logs() as lines:
        drawn = await studio.chain(FakeLeg("a/1", bug), FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    broken, after = studio.attempts.rows
    assert drawn.leg == "b/1"
    assert (broken.state, broken.fault, after.state) == ("failed", Fault.UNKNOWN_OUTCOME, "succeeded")
    assert studio.book.events == [("a/1", "unknown_outcome"), ("b/1", "succeeded")]
    [told] = [line for line in lines if line["event"] == "attempt.broken"]
    assert (told["leg"], told["exc_info"], told["log_level"]) == ("a/1", bug, "error")


async def test_bug_is_counted_where_the_alert_looks(studio: Studio):
    metrics = Metrics()

    await studio.chain(FakeLeg("a/1", BUG), FakeLeg("b/1"), metrics=metrics).draw(
        JOB, version=1, order_for=order_for
    )

    assert metrics.registry.get_sample_value("retrato_job_faults_total", {"fault": "unexpected"}) == 1


async def test_accepted_order_is_asked_after_when_reading_it_met_a_bug(studio: Studio):
    leg = FakeResumableLeg("a/1", BUG, later=[b"picture"])

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert (drawn.leg, leg.resumed) == ("a/1", ["r1"])
    assert [row.state for row in studio.attempts.rows] == ["succeeded"]


async def test_bug_that_stays_while_it_is_asked_after_closes_the_books(studio: Studio):
    leg = FakeResumableLeg("a/1", BUG, later=[BUG])

    drawn = await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert [(row.state, row.fault) for row in studio.attempts.rows] == [
        ("failed", Fault.UNKNOWN_OUTCOME),
        ("succeeded", None),
    ]


async def test_whatever_finishing_raises_closes_the_books_with_what_the_picture_cost(studio: Studio):
    with pytest.raises(ChainExhaustedError):
        await studio.chain(FakeLeg("a/1"), FakeLeg("b/1"), finish=_stumbles).draw(
            JOB, version=1, order_for=order_for
        )

    assert {(row.state, row.fault, row.cost_usd) for row in studio.attempts.rows} == {
        ("failed", Fault.BAD_OUTPUT, 0.025)
    }
    assert [row.leg for row in studio.attempts.rows] == ["a/1", "a/1", "b/1", "b/1"]


async def test_provider_that_cannot_name_its_legs_for_a_bug_is_passed_over(studio: Studio):
    broken = FakeProvider(error=BUG)  # type: ignore[arg-type]

    drawn = await studio.chain(broken, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"


_PRICE = 0.025
OUTCOMES = {
    "drawn": (b"picture", "succeeded", None, _PRICE, 0),
    "bad picture": (b"bad", "failed", "bad_output", _PRICE, 0),
    "struck by a checker": (CheckerError("nsfw", leg="a/1"), "failed", "refused", _PRICE, 0),
    "result barred": (MisconfiguredError("private", leg="a/1"), "failed", "auth", _PRICE, 0),
    "result's address is none": (BadPictureError("no URL", leg="a/1"), "failed", "bad_output", _PRICE, 0),
    "refused": (RefusedError("no", leg="a/1", status=400), "failed", "refused", 0, 0),
    "not understood": (BadRequestError("what", leg="a/1", status=422), "failed", "bad_request", 0, 0),
    "throttled": (BusyError("later", leg="a/1", status=429), "failed", "throttled", 0, 0),
    "down": (DownError("502", leg="a/1", status=502), "failed", "transient", 0, 0),
    "bad key": (MisconfiguredError("401", leg="a/1", status=401), "failed", "auth", 0, 0),
    "no money": (OutOfCreditError("402", leg="a/1", status=402), "failed", "no_credit", 0, 0),
    # It may have been charged: the money stays set aside.
    "no answer": (UnknownOutcomeError("cut", leg="a/1"), "failed", "unknown_outcome", 0, _PRICE),
    "a bug of ours": (BUG, "failed", "unknown_outcome", 0, _PRICE),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_money_that_was_set_aside_is_settled_whatever_comes(dsn, database, outcome: str):
    step, state, fault, spent_usd, reserved_usd = OUTCOMES[outcome]
    await sample.insert_company(dsn)
    (job,) = (await Jobs(database, replica_id=uuid4(), lease_s=30).claim(1, pace_s=0)).jobs
    leg = FakeLeg("a/1", step)
    chain = Chain(
        [FakeProvider(leg)],
        AttemptLog(
            database, monthly_budget_usd=_PRICE
        ),  # room for one call at a time, and no second after a charge
        LegBook(database),
        finish=finish,
        waits_s=(),
    )

    with suppress(ChainExhaustedError, RefusedError):
        await chain.draw(job, version=1, order_for=order_for)

    row = await database.fetchrow("select state, fault from retrato.attempts order by id limit 1")
    books = await database.fetchrow(
        "select spent_usd::float8 as spent, reserved_usd::float8 as held from retrato.budget"
    )
    assert (row["state"], row["fault"]) == (state, fault)
    assert (books["spent"], books["held"]) == (spent_usd, reserved_usd)
