"""A replica dies with a paid order in hand, and one of the other release finishes what it has begun."""

import pytest
from tests.system.application import Application

from retrato.simulator.scenario import Scenario

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.parametrize("scenario", [Scenario(faces=False, latency_seconds={"default": 6})], ids=["slow"]),
]


async def ordered(application: Application, personas: list[str]) -> None:
    """Wait until the provider's id of every persona's order is noted."""
    await application.until(
        """
        select count(*) = cardinality($1::text[]) from retrato.attempts
        where persona_id = any($1::text[]) and request_id is not null
        """,
        personas,
    )


@pytest.mark.parametrize("dies", ["older", "newer"])
async def test_order_of_either_release_is_finished_by_the_other(
    older, newer, dies, application, auditor, simulator
):
    assert (await newer.run("migrate")).code == 0
    first, second = (older, newer) if dies == "older" else (newer, older)
    async with first.daemon() as dying:
        await application.until("select count(*) from retrato.replicas where locks")  # its death is seen at once
        personas = await application.insert(3)
        await ordered(application, personas)
        async with second.daemon() as surviving:
            await surviving.said("daemon.started")
            dying.process.kill()
            await surviving.said("keeper.took_over")
            await application.all_ready(personas)

    assert len(simulator.world.ledger.orders()) == 3
    findings = await auditor.audit()
    assert (findings.lost, findings.doubled, findings.paid_twice, findings.missing_pictures) == (0, 0, 0, 0)
