"""The main job, with the real process: a row becomes a face."""

import asyncio
import io
import json
import signal
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from PIL import Image
from tests import daemon_role
from tests.e2e.processes import Shell

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import sample

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

READY = "select version from retrato.persona_status where persona_id = $1 and state = 'ready' and version >= $2"


async def asked(simulator: Simulator) -> None:
    """Return when the first order has reached a provider."""
    async with asyncio.timeout(90):
        while not simulator.world.ledger.orders():  # noqa: ASYNC110 - another process orders
            await asyncio.sleep(0.02)


def stored_files(folder: Path) -> list[Path]:
    return sorted((folder / ".retrato" / "avatars").rglob("*.jpg"))


async def test_inserted_persona_gets_picture_row_and_metadata(shell, connection, insert, until):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert()

        await until(READY, persona_id, 1)

        row = await connection.fetchrow(
            "select * from personas_avatares where persona_id = $1::text::uuid", persona_id
        )
        metadata = json.loads(row["metadados"])["flux_generation"]
        async with aiohttp.ClientSession() as session:
            async with session.get(row["avatar_url"]) as answer:
                picture = Image.open(io.BytesIO(await answer.read()))
            async with session.get(row["avatar_thumbnail_url"]) as answer:
                thumbnail = Image.open(io.BytesIO(await answer.read()))
        persona = await connection.fetchrow("select * from personas where id = $1::text::uuid", persona_id)
    assert (picture.format, picture.size) == ("JPEG", (1024, 1024))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (200, 200))
    assert persona["avatar_image_url"] == row["avatar_url"]
    assert persona["avatar_image_prompt"] == metadata["prompt"]
    assert metadata["provider"] == "huggingface"
    assert metadata["image_size"] == "1024x1024"
    assert metadata["ai_generated"] is True
    assert len(stored_files(shell.folder)) == 2


async def test_raised_flag_gives_a_new_version_and_is_lowered(shell, connection, insert, until):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert()
        await until(READY, persona_id, 1)

        await connection.execute(
            "update personas set regenerate_avatar = true where id = $1::text::uuid", persona_id
        )
        await until(READY, persona_id, 2)

    flag = await connection.fetchval(
        "select regenerate_avatar from personas where id = $1::text::uuid", persona_id
    )
    versions = await connection.fetch(
        "select version, image_url, seed from retrato.avatars where persona_id = $1 order by version", persona_id
    )
    assert flag is False
    assert [row["version"] for row in versions] == [1, 2]
    assert versions[0]["seed"] != versions[1]["seed"]
    assert len(stored_files(shell.folder)) == 4


async def test_placeholder_waits_until_it_has_a_name(shell, connection, insert, until):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        placeholder = await insert("[A GERAR]")
        other = await insert("Bruno Lima", genero="masculino")
        await until(READY, other, 1)
        waiting = await connection.fetchval(
            "select state from retrato.persona_status where persona_id = $1", placeholder
        )

        await connection.execute(
            "update personas set full_name = 'Carla Dias' where id = $1::text::uuid", placeholder
        )
        await until(READY, placeholder, 1)

    assert waiting == "waiting"


async def test_persona_deleted_in_mid_work_leaves_nothing_behind(shell, simulator, connection, insert, until):
    simulator.world.script("fal-ai", ["delay:2"])
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert()
        await until("select count(*) from retrato.attempts where persona_id = $1", persona_id)

        await connection.execute("delete from personas where id = $1::text::uuid", persona_id)
        await insert("Depois Dela")
        await daemon.said("avatar.finished")
        await until("select not exists (select from retrato.jobs)")
        code = await daemon.stop()

    assert code == 0
    assert not [line for line in daemon.lines if line.get("level") == "error"]
    assert await connection.fetchval("select count(*) from retrato.avatars") == 1
    assert len(stored_files(shell.folder)) == 2


async def test_five_thousand_personas_in_one_statement_ring_one_bell(shell, dsn, connection, empresa, until):
    heard: list[str] = []
    listening = await asyncpg.connect(dsn)
    await listening.add_listener("retrato", lambda *event: heard.append(event[-1]))
    async with shell.daemon(RETRATO_CONCURRENCY="8") as daemon:
        await daemon.said("daemon.started")

        await connection.execute(
            """
            insert into personas (persona_code, full_name, role, genero, empresa_id)
            select 'B' || n, 'Persona ' || n, 'Analista', 'feminino', $1::text::uuid
            from generate_series(1, 5000) n
            """,
            empresa,
        )
        await until("select count(*) >= 20 from retrato.avatars")

    assert [word for word in heard if not word] == [""]  # the daemon's word to itself is no bell
    assert (
        await connection.fetchval("select count(*) from retrato.jobs")
        + await connection.fetchval("select count(*) from retrato.avatars")
        == 5000
    )
    await listening.close()


async def test_sigterm_lets_work_finish_and_hands_back_the_rest(shell, simulator, connection, insert, until):
    simulator.world.script("fal-ai", ["delay:60"])
    async with shell.daemon(RETRATO_GRACE_SECONDS="0.5") as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert()
        await until("select count(*) from retrato.attempts where persona_id = $1", persona_id)

        code = await daemon.stop(signal.SIGTERM)

    job = await connection.fetchrow("select * from retrato.jobs where persona_id = $1", persona_id)
    assert code == 0
    assert (job["state"], job["attempts"], job["token"]) == ("queued", 0, None)
    assert await connection.fetchval("select count(*) from retrato.replicas") == 0


async def test_second_ctrl_c_hands_back_at_once(shell, simulator, connection, insert, until):
    simulator.world.script("fal-ai", ["delay:60"])
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert()
        await until("select count(*) from retrato.attempts where persona_id = $1", persona_id)

        daemon.process.send_signal(signal.SIGINT)
        await daemon.said("dispatcher.draining")
        code = await daemon.stop(signal.SIGINT)

    assert code == 0
    assert (
        await connection.fetchval("select state from retrato.jobs where persona_id = $1", persona_id) == "queued"
    )


async def test_killed_daemon_loses_no_persona(shell, simulator, connection, insert, until):
    simulator.world.script("fal-ai", ["delay:60"])
    async with shell.daemon() as first:
        await first.said("daemon.started")
        persona_id = await insert()
        await asked(simulator)
        first.process.kill()
        await first.process.wait()

    async with shell.daemon() as second:
        await second.said("daemon.started")
        version = await until(READY, persona_id, 1)

    assert version == 1


async def test_successor_collects_what_a_killed_daemon_has_ordered_and_pays_once(
    tmp_path, dsn, connection, insert, until
):
    async with Simulator(Scenario(faces=False, latency_seconds={"default": (4, 4)})) as slow:
        shell = Shell(tmp_path, daemon_role.product(dsn), slow)
        async with shell.daemon() as first:
            await first.said("daemon.started")
            persona_id = await insert()
            await until("select count(*) from retrato.attempts where request_id is not null")
            first.process.kill()
            await first.process.wait()
        async with shell.daemon() as second:
            await second.said("daemon.started")

            await until(READY, persona_id, 1)

        orders, paid_twice = slow.world.ledger.orders(), slow.world.ledger.paid_twice()
    assert len(orders) == 1
    assert not paid_twice
    assert await connection.fetchval("select count(*) from retrato.attempts") == 1


async def test_successor_writes_back_what_was_stored_before_the_kill(shell, simulator, connection, insert, until):
    # The application holds the persona's row, so that the write-back waits with the picture already stored.
    application = await asyncpg.connect(shell.env["RETRATO_DATABASE_URL"])
    async with shell.daemon() as first:
        await first.said("daemon.started")
        persona_id = await insert()
        transaction = application.transaction()
        await transaction.start()
        await application.execute("select from personas where id = $1::text::uuid for update", persona_id)
        await until("select count(*) from retrato.attempts where image_key is not null")
        first.process.kill()
        await first.process.wait()
        # The server carries on with what it was asked until its patience ends.
        await until("select not exists (select from pg_locks where not granted)")
        await transaction.rollback()
    await application.close()

    async with shell.daemon() as second:
        await second.said("daemon.started")
        await until(READY, persona_id, 1)

    assert len(simulator.world.ledger.orders()) == 1
    assert second.events("avatar.completed")
    assert len(stored_files(shell.folder)) == 2


async def test_month_without_money_waits_and_says_why(shell, connection, insert, until):
    async with shell.daemon(RETRATO_MONTHLY_BUDGET_USD="0.03", RETRATO_PROVIDERS="huggingface") as daemon:
        await daemon.said("daemon.started")
        for number in range(3):
            await insert(f"Persona {number}")
        await daemon.said("job.released")
        reason = await until("select last_error from retrato.persona_status where state = 'queued' limit 1")
        await daemon.said("avatar.finished")
        status = (await shell.run("status", "--json")).json()

    assert "RETRATO_MONTHLY_BUDGET_USD" in reason
    assert status["total"]["ready"] == 1
    assert status["budget"]["spent_usd"] <= 0.03


async def test_hostile_personas_all_get_an_avatar(shell, connection, insert, until):
    names = [
        "'; drop table personas; --",
        "x" * 100_000,
        "\x01\x02\x1b[31mAna\x7f\r\n\tSouza",
        "👩‍🚀 Zoë \u202eesrever\u202c",
        '"{}$1 %s \\',
        "<script>alert(1)</script>",
    ]
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        for name in names:
            await insert(name, role=name[:200], descricao_fisica=name)

        await until("select count(*) = $1 from retrato.avatars", len(names))

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0
    assert not [line for line in daemon.lines if line.get("level") == "error"]


async def test_daemon_waits_for_a_database_that_is_not_there_yet(shell, postgres, dsn):
    async with shell.daemon(RETRATO_DATABASE_URL="postgresql://retrato:x@127.0.0.1:1/none") as daemon:
        await daemon.said("database.away", times=2)

        code = await daemon.stop()

    assert code == 0


async def test_daemon_waits_for_a_database_that_goes_away_before_the_first_heartbeat(
    shell, dsn, connection, insert, until
):
    database = await connection.fetchval("select current_database()")
    await connection.execute(f'alter database "{database}" set statement_timeout = 500')
    async with connection.transaction(), shell.daemon() as daemon:
        await connection.execute("lock table retrato.replicas in access exclusive mode")
        waiting = await daemon.said("database.away")
        await connection.execute("commit; begin")
        await daemon.said("daemon.started")

    assert "timeout" in waiting["error"]


async def test_daemon_waits_for_a_database_that_was_never_migrated(shell, bare_dsn):
    await sample.create_host_tables(bare_dsn)
    async with shell.daemon(RETRATO_DATABASE_URL=bare_dsn) as daemon:
        awaited = await daemon.said("schema.awaited")
        started = await daemon.said("console.started")
        async with aiohttp.ClientSession() as session, session.get(started["url"] + "/readyz") as answer:
            reason = (await answer.json())["reason"]
        await shell.run("migrate", RETRATO_DATABASE_URL=bare_dsn)
        await daemon.said("daemon.started")

        code = await daemon.stop()

    assert awaited["reason"] == reason == "schema retrato is not installed: run `retrato migrate`"
    assert code == 0


async def test_taken_console_port_does_not_stop_work_whose_pictures_have_an_address(shell, insert, until):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    elsewhere = "https://avatars.example"
    async with shell.daemon(RETRATO_CONSOLE_PORT=str(port), RETRATO_PUBLIC_URL=elsewhere) as daemon:
        warning = await daemon.said("console.not_started")
        persona_id = await insert()

        await until(READY, persona_id, 1)

    assert "RETRATO_CONSOLE_PORT" in warning["remedy"]
    server.close()
    await server.wait_closed()


async def test_health_is_answered_without_the_console(shell):
    async with shell.daemon("--no-console", RETRATO_PUBLIC_URL="https://avatars.example") as daemon:
        started = await daemon.said("console.started")
        await daemon.said("daemon.started")
        async with aiohttp.ClientSession() as session:
            async with session.get(started["url"] + "/healthz") as answer:
                health = answer.status
            async with session.get(started["url"] + "/readyz") as answer:
                ready = answer.status
            async with session.get(started["url"] + "/avatars/a/b/v1-1-0123456789abcdef.jpg") as answer:
                picture = answer.status

    assert (health, ready, picture) == (200, 200, 404)
