"""Replicas of two releases beside each other, while the application goes on."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from tests.e2e.processes import Daemon
from tests.system.application import Application
from tests.upgrade.conftest import probe

pytestmark = pytest.mark.timeout(300)  # real processes, on machines that have other work too

ROOM = "select count(*) < 10 from retrato.jobs"
QUIET = """
select not exists (select from retrato.jobs)
and not exists (select from public.personas where regenerate_avatar)
"""


@asynccontextmanager
async def busy(dsn: str) -> AsyncIterator[list[str]]:
    """
    The application goes on for the length of the block; who was inserted.

    It inserts as long as few jobs wait, and asks for some personas once more (Forçar).
    """
    application = Application(dsn)
    inserted: list[str] = []
    rng = random.Random(7)

    async def go_on() -> None:
        while True:
            await application.until(ROOM)
            new = await application.insert(5)
            inserted.extend(new)
            await application.until(ROOM)
            await application.fetch(
                "update personas set regenerate_avatar = true where id = $1::text::uuid", rng.choice(new)
            )

    going_on = asyncio.create_task(go_on())
    try:
        yield inserted
    finally:
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)
        await application.close()
    assert going_on.cancelled(), going_on.exception()


async def draws_on(*daemons: Daemon, pictures: int = 5) -> None:
    """Wait until each has drawn some more."""
    event = "avatar.finished"
    await asyncio.gather(*(daemon.said(event, times=len(daemon.events(event)) + pictures) for daemon in daemons))


async def test_upgrade_and_going_back_beside_a_working_application(dsn, older, newer, application, auditor):
    async with older.daemon() as old, newer.daemon() as new, AsyncExitStack() as later:
        async with busy(dsn) as inserted:
            await old.said("daemon.started")
            awaited = await new.said("schema.awaited")
            health, ready = await probe(new, "/healthz"), await probe(new, "/readyz")
            await draws_on(old)
            replicas = await application.value("select count(*) from retrato.replicas")
            migrated = await newer.run("migrate")
            await new.said("daemon.started")
            await draws_on(old, new)
            ready_now = await probe(new, "/readyz")
            ended = await old.stop(signal.SIGTERM)
            await draws_on(new)
            back = await later.enter_async_context(older.daemon())
            await draws_on(back, new)
            new.process.kill()
            await draws_on(back)
        await application.until(QUIET)

    assert "run `retrato migrate`" in awaited["reason"]
    assert (health.status, ready.status, replicas) == (200, 503, 1)
    assert ready.json["reason"] == awaited["reason"]
    assert migrated.code == 0, migrated.err
    assert (ready_now.status, ended) == (200, 0)
    assert not [line for daemon in (old, new, back) for line in daemon.lines if line.get("level") == "error"]
    findings = await auditor.audit(requests=2)
    assert (findings.lost, findings.failed, findings.doubled, findings.missing_pictures) == (0, 0, 0, 0)
    assert findings.unexplained == 0
    assert await application.value("select count(distinct persona_id) from retrato.avatars") == len(inserted)
