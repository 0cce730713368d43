"""What so many pictures would cost and take on one leg: the same for the command and for the console."""

from dataclasses import replace

import pytest

from retrato.domain.attempt import LegLimits
from retrato.providers.catalogue import LegInfo, leg_info
from retrato.providers.comparison import Outlook, on_leg, success_rate


@pytest.fixture
def info() -> LegInfo:
    known = leg_info("a/1", model="m", key_setting=None, key_present=True, price_usd=0.5)
    return replace(known, limits=LegLimits())


@pytest.mark.parametrize(
    ("limits", "pace_s", "expected_s"),
    [
        (LegLimits(), 5.0, 9 * 5 + 8),
        (LegLimits(), 0.0, 9 * 2 + 8),
        (LegLimits(interval_s=15), 5.0, 9 * 15 + 8),
        (LegLimits(at_once=1), 5.0, 9 * 8 + 8),
    ],
    ids=["the pace", "the places at work", "the leg's interval", "the leg's places"],
)
def test_a_start_follows_a_start_after_the_longest_of_all_waits(
    info: LegInfo, limits: LegLimits, pace_s: float, expected_s: float
):
    outlook = on_leg(10, replace(info, limits=limits), median_s=8.0, pace_s=pace_s, concurrency=4)

    assert outlook == Outlook(personas=10, cost_usd=5.0, time_s=expected_s)


def test_what_is_not_known_is_not_guessed(info: LegInfo):
    outlook = on_leg(10, replace(info, price_usd=None), median_s=None, pace_s=5, concurrency=4)

    assert (outlook.cost_usd, outlook.time_s) == (None, None)
    assert success_rate(succeeded=0, failed=0) is None
    assert success_rate(succeeded=3, failed=1) == 0.75
