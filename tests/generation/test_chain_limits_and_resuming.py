"""What the chain does with full legs, spent money, and orders that a dead replica left behind."""

import pytest
from chain_fakes import JOB, FakeLeg, FakeProvider, FakeResumableLeg, Studio, order_for

from retrato.domain.attempt import Pending
from retrato.domain.errors import (
    BudgetSpentError,
    ChainExhaustedError,
    DownError,
    LegFullError,
    OutOfCreditError,
    RefusedError,
    UnknownOutcomeError,
)
from retrato.domain.faults import Fault
from retrato.domain.picture import Order


class FakeCancellableLeg(FakeResumableLeg):
    """A leg that takes requests back, or says that it is too late."""

    def __init__(self, *args, taken_back: bool, **more) -> None:
        super().__init__(*args, **more)
        self.cancelled: list[str] = []
        self._taken_back = taken_back

    async def cancel(self, request_id: str) -> bool:
        self.cancelled.append(request_id)
        return self._taken_back


def full(leg: str, wait_s: float) -> LegFullError:
    return LegFullError(leg, wait_s=wait_s)


def pending(**changes) -> Pending:
    fields = {
        "id": 0,
        "provider": "a",
        "leg": "a/1",
        "model": "flux",
        "redraw": 0,
        "order": Order(prompt="an older prompt", seed=55),
        "request_id": "r9",
        "seed": None,
        "cost_usd": None,
        "image_key": None,
        "thumbnail_key": None,
        "sha256": None,
    }
    return Pending(**{**fields, **changes})


async def test_short_wait_for_a_legs_turn_is_waited(studio: Studio):
    studio.attempts.refusals["a/1"] = [full("a/1", 4.0), full("a/1", 2.0)]

    drawn = await studio.chain(FakeLeg("a/1"), FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "a/1"
    assert studio.time.slept == [4.0, 2.0]


async def test_long_wait_for_a_legs_turn_leads_to_the_next_leg(studio: Studio):
    studio.attempts.refusals["a/1"] = [full("a/1", 60.0)]

    drawn = await studio.chain(FakeLeg("a/1"), FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert studio.time.slept == []


async def test_full_legs_everywhere_hand_the_job_back_until_the_first_is_free(studio: Studio):
    studio.attempts.refusals = {"a/1": [full("a/1", 60.0)], "b/1": [full("b/1", 45.0)]}

    with pytest.raises(ChainExhaustedError) as told:
        await studio.chain(FakeLeg("a/1"), FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert told.value.errors == ()
    assert told.value.retry_after_s == 45.0


async def test_taken_slots_are_looked_at_for_ten_seconds_and_no_longer(studio: Studio):
    studio.attempts.refusals["a/1"] = [full("a/1", 0.0)] * 100

    with pytest.raises(ChainExhaustedError):
        await studio.chain(FakeLeg("a/1")).draw(JOB, version=1, order_for=order_for)

    assert studio.time.now == pytest.approx(10.0)


async def test_spent_budget_leads_to_a_free_leg(studio: Studio):
    studio.attempts.refusals["a/1"] = [BudgetSpentError("a/1", price_usd=0.025)]

    drawn = await studio.chain(FakeLeg("a/1"), FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"


async def test_spent_budget_without_a_free_leg_says_so(studio: Studio):
    studio.attempts.refusals["a/1"] = [BudgetSpentError("a/1", price_usd=0.025)]

    with pytest.raises(ChainExhaustedError, match="RETRATO_MONTHLY_BUDGET_USD") as told:
        await studio.chain(FakeLeg("a/1")).draw(JOB, version=1, order_for=order_for)

    assert told.value.retry_after_s == 3600


async def test_dead_replicas_order_is_collected_and_not_ordered_again(studio: Studio):
    leg = FakeResumableLeg("a/1", b"new", later=[b"old"])
    studio.attempts.rows.append(studio.row("a/1"))

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for, pending=pending())

    assert leg.resumed == ["r9"]
    assert leg.seeds == []
    assert drawn.picture.image == b"old"
    assert drawn.order.prompt == "an older prompt"
    assert [row.state for row in studio.attempts.rows] == ["succeeded"]


async def test_order_that_cannot_be_asked_after_is_booked_as_unknown_and_redone(studio: Studio):
    leg = FakeLeg("a/1")
    studio.attempts.rows.append(studio.row("a/1"))

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for, pending=pending(request_id=None))

    assert drawn.picture.image == b"picture"
    assert [(row.state, row.fault) for row in studio.attempts.rows] == [
        ("failed", Fault.UNKNOWN_OUTCOME),
        ("succeeded", None),
    ]


async def test_dead_replicas_order_that_was_refused_stops_the_chain(studio: Studio):
    leg = FakeResumableLeg("a/1", b"new", later=[RefusedError("nsfw", leg="a/1")])
    studio.attempts.rows.append(studio.row("a/1"))

    with pytest.raises(RefusedError):
        await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for, pending=pending())


async def test_account_that_is_found_empty_when_an_order_is_asked_after_is_not_asked_on_another_leg(
    studio: Studio,
):
    empty = OutOfCreditError("402", leg="a/1", whole_provider=True)
    leg, sibling = FakeResumableLeg("a/1", b"new", later=[empty]), FakeLeg("a/2")
    studio.attempts.rows.append(studio.row("a/1"))

    drawn = await studio.chain(FakeProvider(leg, sibling), FakeLeg("b/1")).draw(
        JOB, version=1, order_for=order_for, pending=pending()
    )

    assert (drawn.leg, sibling.seeds) == ("b/1", [])


async def test_dead_replicas_order_that_failed_is_ordered_anew_with_its_row_closed(studio: Studio):
    leg = FakeResumableLeg("a/1", b"new", later=[DownError("job failed", leg="a/1")])
    studio.attempts.rows.append(studio.row("a/1"))

    with pytest.raises(ChainExhaustedError):
        await studio.chain(leg).draw(JOB, version=1, order_for=order_for, pending=pending())

    assert leg.resumed == ["r9"]
    assert leg.seeds == [100, 100, 100]
    assert [row.fault for row in studio.attempts.rows] == [Fault.TRANSIENT] * 4


@pytest.mark.parametrize("taken_back", [True, False])
async def test_request_that_is_given_up_for_the_next_leg_is_taken_back_but_may_have_been_charged(
    studio: Studio, taken_back
):
    lost = UnknownOutcomeError("silence", leg="a/1", request_id="r1")
    leg = FakeCancellableLeg("a/1", lost, later=[lost], taken_back=taken_back)

    drawn = await studio.chain(leg, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert leg.cancelled == ["r1"]
    assert studio.attempts.rows[0].fault is Fault.UNKNOWN_OUTCOME
