"""What the chain promises whatever goes wrong, wherever, in whichever order: random scripts on random legs."""

import os
from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from tests.matrix.plays import WAITS_S, Play, Record, asked_after, pairs_on_one_leg, perform, plays
from tests.matrix.troupe import BAD, CHECKED, GOOD, HANGS, LOST, OPEN

from retrato.domain.errors import LeaseLostError
from retrato.domain.faults import Fault


def promises(test):
    """Run *test* over many plays; the same ones every time where CI runs it."""

    @settings(
        max_examples=100,
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(play=plays())
    def performed(play: Play) -> None:
        test(perform(play))

    performed.__name__ = test.__name__
    performed.__doc__ = test.__doc__
    return performed


@promises
def test_chain_ends_within_its_deadline(record: Record):
    assert record.took_s <= record.play.deadline_s + 1e-6


@promises
def test_one_picture_is_paid_for_and_those_that_were_spoiled_or_given_up(record: Record):
    faults = Counter(row.fault for row in record.rows)
    excused = faults[Fault.BAD_OUTPUT] + faults[Fault.REFUSED] + faults[Fault.UNKNOWN_OUTCOME]
    still_open = sum(row.state == "sending" for row in record.rows)

    assert len(record.bills) <= (record.drawn is not None) + excused + still_open


@promises
def test_closed_leg_is_asked_after_what_was_begun_before_and_nothing_else(record: Record):
    called_closed = [call for call in record.calls if call.was_closed]

    assert called_closed == [] or called_closed == asked_after(record)[:1]


@promises
def test_leg_is_called_once_and_for_every_wait_and_for_one_new_seed(record: Record):
    calls = Counter(call.leg for call in record.calls)
    turns = Counter(list(record.play.parts)) + Counter(call.leg for call in asked_after(record)[:1])

    seeds = Counter(leg for leg, _ in {(call.leg, call.seed) for call in record.calls})

    assert all(count <= turns[leg] * (1 + len(WAITS_S) + 1) for leg, count in calls.items())
    assert all(count <= turns[leg] * 2 for leg, count in seeds.items())


@promises
def test_every_attempt_is_closed_unless_the_lease_was_lost_while_its_outcome_was_open(record: Record):
    still_open = [row for row in record.rows if row.state == "sending"]

    assert not still_open or isinstance(record.error, LeaseLostError)
    assert all(row.request_id for row in still_open)


@promises
def test_spoiled_picture_is_not_ordered_again_from_the_same_leg(record: Record):
    for earlier, later in pairs_on_one_leg(record):
        assert later.seed != earlier.seed or earlier.came not in {BAD, CHECKED}


@promises
def test_seed_stays_the_same_as_long_as_no_picture_was_spoiled(record: Record):
    for earlier, later in pairwise(record.calls):
        assert later.seed == earlier.seed or earlier.came in {BAD, CHECKED}


@promises
def test_order_without_an_answer_is_not_placed_again_where_it_would_be_paid_twice(record: Record):
    for earlier, later in pairs_on_one_leg(record):
        # What was begun before may be ordered anew once it is known to be lost.
        if earlier.came in {LOST, OPEN, HANGS} and earlier.leg != record.play.begun_before:
            assert later.what == "resume" or record.play.parts[earlier.leg].kind == "free"


@promises
def test_refused_prompt_is_sent_to_nobody_else(record: Record):
    if record.play.refusal_policy == "stop":
        for earlier, later in pairwise(record.calls):
            assert earlier.came not in {"refused", CHECKED} or later.leg == earlier.leg


@promises
def test_end_is_a_picture_of_the_last_leg_asked_or_says_why_not(record: Record):
    if record.drawn is None:
        assert record.error is not None
    else:
        assert (record.calls[-1].leg, record.calls[-1].came) == (record.drawn.leg, GOOD)
        assert record.rows[-1].state == "succeeded"
        assert record.drawn.order.seed == record.calls[-1].seed
