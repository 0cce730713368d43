"""Real processes through a small pool of PgBouncer in transaction mode, with no direct connection at all."""

import asyncio
from contextlib import AsyncExitStack

import pytest

pytestmark = pytest.mark.timeout(240)  # real processes, on machines that have other work too

REPLICAS, PERSONAS = 5, 40


@pytest.fixture
def pooled(pooler):
    """The settings that the documentation names, through three sessions for everybody."""
    return {"RETRATO_DATABASE_URL": pooler(default_pool_size=3), "RETRATO_STATEMENT_CACHE_SIZE": "0"}


async def test_five_replicas_draw_everything_once(shell, pooled, simulator, connection, insert, until):
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(shell.daemon(RETRATO_CONSOLE_PORT="0", **pooled))
            for _ in range(REPLICAS)
        ]
        for one in replicas:
            await one.said("listener.deaf")
        for _ in range(PERSONAS):
            await insert()
        await until("select count(*) = $1 from retrato.avatars", PERSONAS)
        await until("select not exists (select from retrato.jobs)")
        codes = await asyncio.gather(*(one.stop() for one in replicas))

    said = [line for one in replicas for line in one.lines]
    assert codes == [0] * REPLICAS
    assert {line["event"] for line in said if line.get("level") in {"warning", "error", None}} == {"listener.deaf"}
    assert len(simulator.world.ledger.orders()) == PERSONAS
    assert await connection.fetchval("select count(*) from retrato.attempts") == PERSONAS


async def test_every_command_works_beside_the_replicas(shell, pooled, insert, until):
    async with shell.daemon(**pooled) as one, shell.daemon(**pooled) as other:
        await one.said("listener.deaf")
        await other.said("listener.deaf")
        await insert()
        await until("select count(*) from retrato.avatars")

        commands = [
            ["migrate"],
            ["migrate", "--check"],
            ["migrate", "--plan"],
            ["status"],
            ["uninstall", "--plan"],
        ]
        done = [await shell.run(*command, **pooled) for command in commands for _ in range(2)]
        looks = [await shell.run("doctor", "listen", "prepared-statements", "--json", **pooled) for _ in range(4)]
        codes = [await one.stop(), await other.stop()]
    gone = await shell.run("uninstall", "--yes", "--force", **pooled)

    assert [(one.code, one.err) for one in done if one.code or "Traceback" in one.err] == []
    assert {one.code for one in looks} == {1}
    assert {tuple((each["id"], each["level"]) for each in one.json()["findings"]) for one in looks} == {
        (("listen", "fail"), ("prepared-statements", "ok"))
    }
    assert (codes, gone.code) == ([0, 0], 0)


async def test_prepared_statements_through_the_pool_end_with_78_and_the_setting(shell, pooled, until):
    """With the default, statements are prepared on sessions that are somebody else's a moment later."""
    kept = {**pooled, "RETRATO_STATEMENT_CACHE_SIZE": "100"}
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(shell.daemon(**kept)) for _ in range(REPLICAS)]
        ends = [asyncio.create_task(one.process.wait()) for one in replicas]
        ended, _ = await asyncio.wait(ends, timeout=90, return_when=asyncio.FIRST_COMPLETED)
    text = "".join(line for one in replicas for line in one.raw)

    assert {end.result() for end in ended} == {78}
    assert "set RETRATO_STATEMENT_CACHE_SIZE=0" in text
    assert "Traceback" not in text
