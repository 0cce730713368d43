"""What people are told of the legs' breakers; what the breakers do is in test_leg_book.py."""

from retrato.domain.faults import Fault
from retrato.store.legs import LegBook
from retrato.store.status import Status

LEG = "huggingface/fal-ai"


async def test_legs_are_told_with_why_they_are_closed(database):
    legs = LegBook(database)
    await legs.failed(LEG, fault=Fault.AUTH, reason="HTTP 401", retry_after_s=None)
    await legs.succeeded("pollinations")

    closed, opened = await Status(database).legs()

    assert (closed.leg, closed.closed, closed.last_fault, closed.reason) == (LEG, True, "auth", "HTTP 401")
    assert (opened.leg, opened.closed, opened.faults_in_row) == ("pollinations", False, 0)


async def test_call_that_was_under_way_does_not_hide_why_the_leg_is_closed(database):
    legs = LegBook(database)
    await legs.failed(LEG, fault=Fault.AUTH, reason="HTTP 401", retry_after_s=None)
    await legs.failed(LEG, fault=Fault.TRANSIENT, reason="HTTP 500", retry_after_s=None)

    (closed,) = await Status(database).legs()

    assert (closed.last_fault, closed.reason) == ("auth", "HTTP 401")
