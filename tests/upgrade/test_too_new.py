"""A schema that has lost what this release needs: nothing more is claimed, and everybody is told what to do."""

import signal

import pytest
from tests.store.snapshot import describe
from tests.upgrade.conftest import probe

from retrato.simulator.scenario import Scenario

pytestmark = pytest.mark.timeout(180)

REMEDY = "install the release that has migrated the database"


@pytest.fixture
def pair(current, contracting):
    return current, contracting


@pytest.mark.parametrize("scenario", [Scenario(faces=False, latency_seconds={"default": 2})], ids=["slow"])
async def test_replica_finishes_what_it_has_begun_and_says_what_to_do(dsn, older, newer, application, simulator):
    async with older.daemon() as daemon:
        await daemon.said("listener.connected")
        (begun,) = await application.insert()
        await application.until("select count(*) from retrato.attempts where request_id is not null")
        migrated = await newer.run("migrate")
        awaited = await daemon.said("schema.awaited")
        (waiting,) = await application.insert()
        schema = await describe(dsn)
        commands = [await older.run(*words) for words in (["status"], ["migrate"], ["migrate", "--check"])]
        health, ready = await probe(daemon, "/healthz"), await probe(daemon, "/readyz")
        code = await daemon.stop(signal.SIGTERM)

    assert migrated.code == 0, migrated.err
    assert REMEDY in daemon.events("schema.refused")[0]["reason"]
    assert REMEDY in awaited["reason"]
    assert len(daemon.events("daemon.started")) == 1
    assert await application.value("select count(*) from retrato.avatars where persona_id = $1", begun) == 1
    assert await application.value("select state from retrato.jobs where persona_id = $1", waiting) == "queued"
    assert await application.value("select count(*) from retrato.replicas") == 0
    assert len(simulator.world.ledger.orders()) == 1
    assert [command.code for command in commands] == [1, 1, 1]
    assert all(REMEDY in command.err for command in commands)
    assert await describe(dsn) == schema
    assert (health.status, ready.status, ready.json["reason"], code) == (200, 503, awaited["reason"], 0)
