"""The auditor finds what it is there for: each sin is planted once, and no other is reported."""

from dataclasses import replace

import pytest
from tests.system.auditor import Findings
from tests.system.stage import Stage

pytestmark = pytest.mark.timeout(120)

NOTHING = Findings(lost=0, doubled=0, paid_twice=0, unexplained=0, failed=0, missing_pictures=0)
ANOTHER_VERSION = """
create temporary table copied as select * from retrato.avatars limit 1;
update copied set version = 2, token = 0, image_key = image_key || '.2';
insert into retrato.avatars select * from copied;
"""
SHARED_PICTURE = "update retrato.avatars set image_key = (select min(image_key) from retrato.avatars)"
STRANGE_PICTURE = (
    "update personas set avatar_image_url = 'http://elsewhere/' where id = (select id from personas limit 1)"
)


@pytest.fixture
async def drawn(stage: Stage) -> Stage:
    """Two personas have their avatars, and nothing is wrong."""
    await stage.replicas.start()
    await stage.application.all_ready(await stage.application.insert(2))
    assert await stage.audit() == NOTHING
    return stage


async def test_persona_without_job_and_avatar_is_lost(drawn):
    await drawn.application.fetch("alter table personas disable trigger retrato_on_insert")

    await drawn.application.insert()

    assert await drawn.audit() == replace(NOTHING, lost=1)


async def test_failed_persona_is_not_lost_but_failed(drawn):
    drawn.simulator.world.script("fal-ai.result", ["fal_422_content_policy"])

    await drawn.application.insert()

    assert await drawn.audit() == replace(NOTHING, failed=1)


@pytest.mark.parametrize("sin", [SHARED_PICTURE, STRANGE_PICTURE], ids=["shared picture", "strange picture"])
async def test_wrong_pictures_are_doubled(drawn, sin):
    await drawn.application.fetch(sin)

    assert (await drawn.audit()).doubled == 1


async def test_version_that_nobody_asked_for_is_doubled(drawn):
    for statement in ANOTHER_VERSION.strip().split("\n"):
        await drawn.application.fetch(statement)

    assert (await drawn.audit()).doubled >= 1


async def test_second_bill_is_paid_twice(drawn):
    bills = drawn.simulator.world.ledger.bills

    bills.append(bills[0])

    assert await drawn.audit() == replace(NOTHING, paid_twice=1, unexplained=1)


async def test_second_bill_is_explained_by_an_attempt_whose_reply_nobody_heard(drawn):
    bills = drawn.simulator.world.ledger.bills

    bills.append(bills[0])
    await drawn.application.fetch(
        """
        update retrato.attempts set state = 'failed', fault = 'unknown_outcome', request_id = null where seed = $1
        """,
        bills[0].seed,
    )

    assert await drawn.audit() == replace(NOTHING, paid_twice=1)


async def test_picture_that_is_not_in_the_store_is_missing(drawn):
    (key,) = await drawn.application.fetch("select image_key from retrato.avatars limit 1")

    (drawn.pictures / key["image_key"]).unlink()

    assert await drawn.audit() == replace(NOTHING, missing_pictures=1)
