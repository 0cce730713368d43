"""
Every leg meets every fault, over real HTTP and on a real database.

What is expected stands in the tables (``*_cases.py``), explained in ``tables.py``.
"""

from collections.abc import Iterable

import pytest
from tests.matrix import fal_cases, huggingface_cases, huggingface_fal_cases, openai_cases, pollinations_cases
from tests.matrix.stage import PROMPT, SIDE, measured, staged
from tests.matrix.tables import Case

from retrato.domain.picture import Drawn
from retrato.simulator.pictures import Shot, Studio
from retrato.store.database import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

CASES = (
    *huggingface_fal_cases.FAL_AI,
    *huggingface_cases.REPLICATE,
    *huggingface_cases.WAVESPEED,
    *huggingface_cases.ENDPOINT,
    *pollinations_cases.GEN,
    *pollinations_cases.LEGACY,
    *fal_cases.QUEUE,
    *fal_cases.RUN,
    *openai_cases.COMPATIBLE,
)


def params(cases: Iterable[Case]):
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("case", params(CASES))
async def test_leg_alone_does_what_its_table_says(case: Case, database: Database):
    async with staged(case, database, alone=True) as stage:
        outcome = await stage.play()
        attempts = await stage.attempts()
        seen = {
            "first": next(iter(attempts), "none"),
            "calls": len(stage.orders()),
            "billed": stage.ledger.billed(),
            "breaker": await stage.breaker(),
            "alone": nearly(outcome.in_words(), case.alone),
        }
        missing_usd = stage.ledger.billed_usd() - await stage.on_the_books_usd()

    assert seen == {name: getattr(case, name) for name in seen}
    assert "sending" not in attempts
    assert missing_usd <= 1e-9
    assert stage.ledger.leaks() == []
    if outcome.drawn:
        assert_fit_to_be_shown(outcome.drawn)


@pytest.mark.parametrize("case", params(case for case in CASES if case.company))
async def test_those_behind_the_leg_draw_where_its_table_says_so(case: Case, database: Database):
    async with staged(case, database, alone=False) as stage:
        outcome = await stage.play()
        written = await stage.texts() + str(outcome.error or "")

    billed_to_others = outcome.drawn is not None and outcome.drawn.leg != case.leg
    assert (outcome.drawn.leg if outcome.drawn else outcome.in_words()) == case.company
    assert stage.ledger.billed() == case.billed + billed_to_others
    assert stage.ledger.leaks() == []
    assert "Canary" not in written
    if outcome.drawn:
        assert_fit_to_be_shown(outcome.drawn)


async def test_pictures_with_exif_would_have_told_the_prompt():
    picture = await Studio(faces=False).develop(Shot(prompt=PROMPT, seed=1, width=SIDE, height=SIDE, spoil="exif"))

    assert b"Canary" in picture


def assert_fit_to_be_shown(drawn: Drawn) -> None:
    """A JPEG of the ordered size, with nothing in it but pixels."""
    assert measured(drawn.picture.image) == ("JPEG", (SIDE, SIDE), {})
    assert measured(drawn.picture.thumbnail) == ("JPEG", (200, 200), {})
    assert b"Canary" not in drawn.picture.image + drawn.picture.thumbnail


def nearly(seen: str, wanted: str) -> str:
    """*seen*, or *wanted* where only a moment of real time lies between their delays."""
    kind, _, seconds = seen.partition(" ")
    wanted_kind, _, wanted_seconds = wanted.partition(" ")
    if kind == wanted_kind and wanted_seconds.isdecimal() and 0 <= int(wanted_seconds) - int(seconds) <= 2:
        return wanted
    return seen
