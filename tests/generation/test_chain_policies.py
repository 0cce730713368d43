"""What follows each fault: the same leg, the next leg, or the end."""

import pytest
from chain_fakes import JOB, FakeLeg, FakeProvider, Studio, order_for

from retrato.domain.attempt import LegLimits
from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    ChainExhaustedError,
    CheckerError,
    DownError,
    GoneError,
    LoadingError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
    UnknownOutcomeError,
)


async def test_first_leg_that_delivers_ends_the_chain(studio: Studio):
    first, second = FakeLeg("a/1"), FakeLeg("b/1")

    drawn = await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert (drawn.provider, drawn.leg, drawn.model, drawn.attempts, drawn.redraw) == ("a", "a/1", "flux-dev", 1, 0)
    assert (drawn.seed, drawn.order.seed, drawn.steps, drawn.guidance, drawn.cost_usd) == (
        100,
        100,
        28,
        3.5,
        0.025,
    )
    assert second.seeds == []


@pytest.mark.parametrize(
    "error",
    [BusyError, LoadingError, MisconfiguredError, GoneError, OutOfCreditError, BadRequestError],
)
async def test_next_leg_is_asked_at_once_after(studio: Studio, error: type[ProviderError]):
    first, second = FakeLeg("a/1", error("no", leg="a/1")), FakeLeg("b/1")

    drawn = await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert first.seeds == [100]
    assert studio.time.slept == []


async def test_passing_trouble_is_waited_out_on_the_same_leg(studio: Studio):
    down = DownError("502", leg="a/1")
    leg = FakeLeg("a/1", down, down, down, b"picture")

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert studio.time.slept == [3, 6, 12]
    assert leg.seeds == [100] * 4
    assert drawn.attempts == 4


async def test_trouble_that_lasts_leads_to_the_next_leg_after_three_retries(studio: Studio):
    first, second = FakeLeg("a/1", DownError("502", leg="a/1")), FakeLeg("b/1")

    drawn = await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert len(first.seeds) == 4


async def test_waits_are_those_that_were_configured(studio: Studio):
    first, second = FakeLeg("a/1", DownError("502", leg="a/1")), FakeLeg("b/1")

    await studio.chain(first, second, waits_s=(1,)).draw(JOB, version=1, order_for=order_for)

    assert studio.time.slept == [1]
    assert len(first.seeds) == 2


async def test_longer_wait_that_the_provider_states_is_honoured(studio: Studio):
    leg = FakeLeg("a/1", DownError("503", leg="a/1", retry_after_s=20), b"picture")

    await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert studio.time.slept == [20]


async def test_shorter_wait_that_the_provider_states_does_not_hurry_us(studio: Studio):
    leg = FakeLeg("a/1", DownError("503", leg="a/1", retry_after_s=1), b"picture")

    await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert studio.time.slept == [3]


@pytest.mark.parametrize("stated_s", [61, 1000])
async def test_wait_that_is_too_long_is_not_waited_for(studio: Studio, stated_s: float):
    first = FakeLeg("a/1", DownError("503", leg="a/1", retry_after_s=stated_s))

    drawn = await studio.chain(first, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert studio.time.slept == []


async def test_retries_end_when_the_breaker_opens(studio: Studio):
    first = FakeLeg("a/1", DownError("502", leg="a/1"), during=lambda: studio.book.close("a/1", 30))

    drawn = await studio.chain(first, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert first.seeds == [100]
    assert studio.time.slept == []


async def test_breaker_that_somebody_else_opened_during_the_wait_ends_the_retries(studio: Studio):
    first = FakeLeg("a/1", DownError("502", leg="a/1"))

    async def sleep_and_see_it_open(seconds: float) -> None:
        await studio.time.sleep(seconds)
        studio.book.close("a/1", 30)

    chain = studio.chain(first, FakeLeg("b/1"), sleep=sleep_and_see_it_open)
    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert first.seeds == [100]
    assert [row.leg for row in studio.attempts.rows] == ["a/1", "b/1"]


async def test_closed_leg_is_not_asked(studio: Studio):
    studio.book.close("a/1", 30)
    first = FakeLeg("a/1")

    drawn = await studio.chain(first, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert first.seeds == []


async def test_bad_picture_is_drawn_once_more_with_a_new_seed(studio: Studio):
    leg = FakeLeg("a/1", b"bad", b"picture")

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == [100, 101]
    assert (drawn.redraw, drawn.order.seed, drawn.attempts) == (1, 101, 2)


async def test_second_bad_picture_leads_to_the_next_leg(studio: Studio):
    first, second = FakeLeg("a/1", b"bad"), FakeLeg("b/1")

    drawn = await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert first.seeds == [100, 101]
    assert (drawn.leg, drawn.redraw) == ("b/1", 1)


async def test_seeds_go_on_where_an_earlier_run_stopped(studio: Studio):
    leg = FakeLeg("a/1", b"bad", b"picture")

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for, redraw=4)

    assert leg.seeds == [104, 105]
    assert drawn.redraw == 5


async def test_struck_checker_gets_one_new_seed(studio: Studio):
    leg = FakeLeg("a/1", CheckerError("nsfw", leg="a/1"), b"picture")

    drawn = await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == [100, 101]
    assert drawn.redraw == 1


async def test_checker_that_strikes_twice_is_a_refusal(studio: Studio):
    first, second = FakeLeg("a/1", CheckerError("nsfw", leg="a/1")), FakeLeg("b/1")

    with pytest.raises(RefusedError):
        await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert first.seeds == [100, 101]
    assert second.seeds == []


async def test_refused_prompt_is_not_sent_to_the_next_provider(studio: Studio):
    refusal = RefusedError("no", leg="a/1")
    first, second = FakeLeg("a/1", refusal), FakeLeg("b/1")

    with pytest.raises(RefusedError) as caught:
        await studio.chain(first, second).draw(JOB, version=1, order_for=order_for)

    assert caught.value is refusal
    assert first.seeds == [100]
    assert second.seeds == []


async def test_refused_prompt_is_sent_on_where_that_is_wished(studio: Studio):
    first, second = FakeLeg("a/1", RefusedError("no", leg="a/1")), FakeLeg("b/1")

    chain = studio.chain(first, second, refusal_policy="next")
    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"


async def test_prompt_that_everybody_refuses_is_refused(studio: Studio):
    legs = [FakeLeg("a/1", RefusedError("no", leg="a/1")), FakeLeg("b/1", RefusedError("never", leg="b/1"))]

    with pytest.raises(RefusedError, match="never"):
        await studio.chain(*legs, refusal_policy="next").draw(JOB, version=1, order_for=order_for)


async def test_refusal_is_not_final_while_a_leg_was_closed(studio: Studio):
    studio.book.close("b/1", 40)
    first = FakeLeg("a/1", RefusedError("no", leg="a/1"))

    with pytest.raises(ChainExhaustedError) as caught:
        await studio.chain(first, FakeLeg("b/1"), refusal_policy="next").draw(JOB, version=1, order_for=order_for)

    assert caught.value.retry_after_s == 40


async def test_fault_of_the_account_closes_all_its_legs(studio: Studio):
    empty = OutOfCreditError("402", leg="hf/1", whole_provider=True)
    first, second, other = FakeLeg("hf/1", empty), FakeLeg("hf/2"), FakeLeg("b/1")

    drawn = await studio.chain(FakeProvider(first, second), other).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert second.seeds == []
    assert set(await studio.book.closed()) == {"hf/1", "hf/2"}


async def test_fault_of_one_leg_leaves_its_siblings_open(studio: Studio):
    empty = OutOfCreditError("402", leg="hf/1")
    first, second = FakeLeg("hf/1", empty), FakeLeg("hf/2")

    drawn = await studio.chain(FakeProvider(first, second)).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "hf/2"


@pytest.mark.parametrize(
    ("error", "closed"),
    [
        (BusyError, {"fal/queue", "fal/run"}),
        (OutOfCreditError, {"fal/queue", "fal/run"}),
        (MisconfiguredError, {"fal/run"}),
        (GoneError, {"fal/run"}),
        (LoadingError, {"fal/run"}),
    ],
)
async def test_what_an_account_meets_on_one_leg_closes_those_that_are_counted_with_it(
    studio: Studio, error: type[ProviderError], closed: set[str]
):
    run = FakeLeg("fal/run", error("no", leg="fal/run"), limits=LegLimits(shared_with="fal/queue"))
    queue, other = FakeLeg("fal/queue"), FakeLeg("fal/other")

    drawn = await studio.chain(FakeProvider(run, queue, other)).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == ("fal/other" if len(closed) > 1 else "fal/queue")
    assert set(await studio.book.closed()) == closed


async def test_provider_without_legs_is_passed_over(studio: Studio):
    keyless = FakeProvider(error=MisconfiguredError("no key", leg="hf"))

    drawn = await studio.chain(keyless, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"


async def test_unknown_outcome_is_repeated_where_a_repeat_is_free(studio: Studio):
    leg = FakeLeg("a/1", UnknownOutcomeError("silence", leg="a/1"), b"picture", repeat_is_free=True)

    await studio.chain(leg).draw(JOB, version=1, order_for=order_for)

    assert leg.seeds == [100, 100]
    assert studio.time.slept == [3]


async def test_unknown_outcome_is_not_repeated_where_it_could_be_paid_twice(studio: Studio):
    first = FakeLeg("a/1", UnknownOutcomeError("silence", leg="a/1"))

    drawn = await studio.chain(first, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert first.seeds == [100]
    assert drawn.leg == "b/1"


async def test_bad_pictures_and_trouble_share_the_retries_of_one_leg(studio: Studio):
    down = DownError("502", leg="a/1")
    first = FakeLeg("a/1", down, down, BadPictureError("bad", leg="a/1"), down, down, down)

    drawn = await studio.chain(first, FakeLeg("b/1")).draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "b/1"
    assert len(first.seeds) <= 5
