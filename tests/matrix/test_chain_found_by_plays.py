"""What random plays have found, told one by one."""

import pytest
from tests.matrix.plays import Play, perform
from tests.matrix.troupe import BAD, CHECKED, HANGS, OPEN, Line, Part

from retrato.domain.errors import BudgetSpentError, ChainExhaustedError, LegFullError, RetratoError


def lines(*whats: str) -> tuple[Line, ...]:
    return tuple(Line(what=what) for what in whats)


@pytest.mark.parametrize("reason", [LegFullError("a/1", wait_s=30), BudgetSpentError("a/1", price_usd=0.025)])
def test_prompt_whose_new_seed_may_not_be_drawn_now_waits_and_is_sent_to_nobody_else(reason: RetratoError):
    play = Play(
        parts={"a/1": Part(kind="plain", orders=lines(CHECKED)), "b/1": Part(kind="plain")},
        turned_away={"a/1": [None, reason]},
    )

    record = perform(play)

    assert [call.leg for call in record.calls] == ["a/1"]
    assert isinstance(record.error, ChainExhaustedError)


def test_order_that_follows_a_taken_over_one_is_resumed_with_its_own_seed():
    play = Play(
        parts={"a/1": Part(kind="resumable", questions=lines(BAD), orders=lines(OPEN))}, begun_before="a/1"
    )

    record = perform(play)

    assert [(call.what, call.seed) for call in record.calls] == [("resume", 100), ("draw", 101), ("resume", 101)]
    assert record.drawn is not None
    assert record.drawn.seed == record.drawn.order.seed == 101


def test_leg_that_spoiled_a_taken_over_picture_twice_is_not_asked_for_the_same_one_again():
    play = Play(parts={"a/1": Part(kind="resumable", questions=lines(BAD), orders=lines(BAD))}, begun_before="a/1")

    record = perform(play)

    assert [call.seed for call in record.calls] == [100, 101, 102]


def test_order_of_an_earlier_run_that_is_stuck_leaves_time_for_a_new_one():
    part = Part(kind="cancellable", questions=lines(HANGS, HANGS, HANGS), can_take_back=True)

    record = perform(Play(parts={"a/1": part}, begun_before="a/1"))

    assert [(call.what, call.at) for call in record.calls] == [("resume", 0), ("draw", 154)]
    assert record.drawn is not None
