"""What one run of a job has paid for and not brought home, the next run asks after before it pays anew."""

from unittest.mock import AsyncMock, Mock

import pytest
from tests.matrix.stage import PROMPT, Stage, staged
from tests.matrix.tables import scripted

from retrato.domain.errors import ChainExhaustedError
from retrato.domain.persona import Persona
from retrato.generation.pipeline import Pipeline
from retrato.store.attempts import AttemptLog
from retrato.store.database import Database
from retrato.store.personas import Draft

pytestmark = pytest.mark.asyncio(loop_scope="session")

RESUMABLE = ("huggingface/fal-ai", "huggingface/replicate", "huggingface/wavespeed", "fal/queue")


@pytest.mark.parametrize("leg", RESUMABLE)
async def test_picture_out_of_reach_is_collected_and_paid_once(leg: str, database: Database):
    async with staged(scripted(leg, "cdn_404 x12 @cdn"), database, alone=True) as stage:
        first = await stage.play()
        await stage.half_a_minute_later()
        second = await stage.play()

        assert (first.in_words(), second.in_words()) == ("retry 30", "drawn")
        assert await stage.attempts() == ["drawn"]
        assert stage.ledger.billed() == 1


async def test_order_that_nobody_knows_any_more_is_placed_anew(database: Database):
    async with staged(scripted("huggingface/fal-ai", "job_lost"), database, alone=True) as stage:
        await stage.play()
        await stage.half_a_minute_later()
        second = await stage.play()

        assert second.in_words() == "drawn"
        assert await stage.attempts() == ["unknown_outcome", "drawn"]
        assert stage.ledger.billed() == 2


async def test_provider_that_knows_its_orders_again_is_paid_once_over_two_runs(database: Database):
    async with staged(scripted("pollinations/gen", "vanish x8"), database, alone=True) as stage:
        await stage.play()
        await stage.half_a_minute_later()
        second = await stage.play()

        assert second.in_words() == "drawn"
        assert stage.ledger.billed() == 1


async def test_picture_out_of_reach_is_collected_also_when_others_have_failed_since(database: Database):
    fault = "cdn_404 x12 @cdn, html_502 x4 @replicate, html_502 x4 @wavespeed, html_502 x4 @gen"
    async with staged(scripted("huggingface/fal-ai", fault), database, alone=False) as stage:
        await stage.play()
        await stage.half_a_minute_later()
        second = await stage.play()

        assert second.in_words() == "drawn"
        assert stage.ledger.billed() == 1


async def test_seeds_that_were_spoiled_are_not_paid_for_again(database: Database):
    async with staged(scripted("huggingface/fal-ai", "black x2"), database, alone=True) as stage:
        with pytest.raises(ChainExhaustedError):
            await run_pipeline(stage)
        await stage.half_a_minute_later()
        finished = await run_pipeline(stage)

        assert finished is not None
        assert stage.ledger.paid_twice() == []


async def run_pipeline(stage: Stage):
    """One run of the job as the worker has it, with a persona and a picture store of paper."""
    (job,) = (await stage.jobs.claim(1, pace_s=0)).jobs
    persona = Persona(id=job.persona_id, empresa_id=job.empresa_id, name="Ana Souza")
    personas = Mock(read=AsyncMock(return_value=Draft(persona=persona, ready=True, version=1)))
    store = Mock(put=AsyncMock(), probe=AsyncMock(), url=str)
    prompt_for = AsyncMock(return_value=PROMPT)
    pipeline = Pipeline(personas, AttemptLog(stage.database), stage.chain, store, prompt_for=prompt_for)
    try:
        return await pipeline.draw(job)
    finally:
        await stage.jobs.release(job)
