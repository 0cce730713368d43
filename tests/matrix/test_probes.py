"""A leg that was closed for a while gets one probe; what the probe meets decides for all."""

import pytest
from tests.matrix.stage import staged
from tests.matrix.tables import Case, scripted

from retrato.domain.faults import Fault
from retrato.store.database import Database
from retrato.store.legs import LegBook

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEG = "huggingface/fal-ai"


def meets(fault: str) -> Case:
    return scripted(LEG, fault)


async def reopen(database: Database) -> None:
    """Close the leg, and let its time be over."""
    await LegBook(database).failed(LEG, fault=Fault.NO_CREDIT, reason="402", retry_after_s=None)
    await database.execute("update retrato.legs set closed_until = clock_timestamp() - interval '1 second'")


async def test_picture_opens_the_leg_for_all(database: Database):
    async with staged(meets("ok"), database, alone=True) as stage:
        await reopen(database)

        outcome = await stage.play()

        assert outcome.in_words() == "drawn"
        assert await stage.breaker() == "fine"


async def test_same_fault_closes_it_for_twice_as_long(database: Database):
    async with staged(meets("hf_402_depleted"), database, alone=True) as stage:
        await reopen(database)

        await stage.play()

        assert await stage.breaker() == "shut 1800"


async def test_passing_trouble_is_waited_out_by_the_one_that_probes(database: Database):
    async with staged(meets("html_502"), database, alone=True) as stage:
        await reopen(database)

        outcome = await stage.play()

        assert outcome.in_words() == "drawn"
        assert await stage.breaker() == "fine"


@pytest.mark.parametrize("fault", ["fal_422_content_policy", "hf_413"])
async def test_answer_about_the_prompt_lets_the_others_in_at_once(database: Database, fault: str):
    async with staged(meets(fault), database, alone=True) as stage:
        await reopen(database)

        await stage.play()

        assert await LegBook(database).closed() == {}


async def test_struck_checker_gets_its_new_seed_from_a_probe_too(database: Database):
    async with staged(meets("nsfw"), database, alone=True) as stage:
        await reopen(database)

        outcome = await stage.play()

        assert outcome.in_words() == "drawn"
