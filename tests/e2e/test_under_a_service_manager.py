"""What a real process tells its service manager, and what it does on SIGHUP."""

import asyncio
import signal
from datetime import UTC, datetime

import aiohttp
import pytest
from tests.service_manager import service_manager

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too


@pytest.fixture
def manager():
    with service_manager() as listening:
        yield listening


@pytest.fixture
def settle(shell):
    """Write retrato.toml into the daemon's folder; its environment sets neither pace nor level."""
    del shell.env["RETRATO_PACE_SECONDS"], shell.env["RETRATO_LOG_LEVEL"]

    def write(text):
        (shell.folder / "retrato.toml").write_text(text)

    write("pace_seconds = 1\n")
    return write


async def metric(started, name):
    async with aiohttp.ClientSession() as session, session.get(started["url"] + "/metrics") as answer:
        lines = (await answer.text()).splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(value)


async def test_ready_after_listen_signs_of_life_and_stopping_with_time_to_drain(
    shell, manager, simulator, insert, until
):
    simulator.world.script("fal-ai", ["delay:3"])
    async with shell.daemon(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="2000000") as daemon:
        await manager.hears("READY")
        ready_at = datetime.now(UTC)
        connected = await daemon.said("listener.connected")
        await manager.hears("WATCHDOG")
        await insert()
        await manager.hears("STATUS", "1 drawing")

        stopping = asyncio.create_task(daemon.stop(signal.SIGTERM))
        await manager.hears("STOPPING")
        draining = await manager.hears("STATUS", "draining, 1 in hand")
        code = await stopping

    assert datetime.fromisoformat(connected["timestamp"]) < ready_at
    assert int(draining["EXTEND_TIMEOUT_USEC"]) > 0
    assert code == 0
    assert daemon.events("avatar.finished")


async def test_watchdog_of_another_process_is_not_fed(shell, manager):
    async with shell.daemon(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="200000", WATCHDOG_PID="1") as daemon:
        await manager.hears("READY")

        await daemon.stop()

    # Signs of life do no harm; but nobody hurries for a watchdog that waits for somebody else.
    assert sum("WATCHDOG" in told for told in manager.heard) <= 1


async def test_database_that_is_away_at_start_is_waited_for_aloud(shell, manager):
    away = {"RETRATO_DATABASE_URL": "postgresql://retrato:x@127.0.0.1:1/none"}
    async with shell.daemon(NOTIFY_SOCKET=manager.address, **away) as daemon:
        first = await manager.hears("EXTEND_TIMEOUT_USEC")
        await manager.hears("EXTEND_TIMEOUT_USEC")

        code = await daemon.stop()

    assert first["STATUS"] == "waiting for the database"
    assert not manager.said("READY")
    assert code == 0


async def test_schema_that_is_gone_at_work_is_waited_for_with_signs_of_life(shell, manager, connection):
    quick = {"WATCHDOG_USEC": "400000", "RETRATO_POLL_SECONDS": "1"}
    async with shell.daemon(NOTIFY_SOCKET=manager.address, **quick) as daemon:
        await manager.hears("READY")
        await connection.execute("alter schema retrato rename to elsewhere")
        waiting = await manager.hears("STATUS", "waiting for the database: ")
        for _ in range(3):
            await manager.hears("WATCHDOG")
        was_stopping = manager.said("STOPPING")
        await connection.execute("alter schema elsewhere rename to retrato")
        await manager.hears("READY")

        code = await daemon.stop()

    assert "run `retrato migrate`" in waiting["STATUS"]
    assert (was_stopping, code) == (False, 0)


async def test_listen_that_cannot_be_reached_is_said_and_the_daemon_draws(shell, manager, insert, until):
    unreachable = {"RETRATO_LISTEN_DATABASE_URL": "postgresql://retrato:x@127.0.0.1:1/none"}
    async with shell.daemon(NOTIFY_SOCKET=manager.address, RETRATO_POLL_SECONDS="1", **unreachable):
        ready = await manager.hears("READY")
        await insert()

        await until("select count(*) from retrato.avatars")

    assert "LISTEN is not answered: polling" in ready["STATUS"]


async def test_hangup_takes_over_pace_and_level_and_names_what_waits_for_a_restart(shell, manager, settle):
    async with shell.daemon(NOTIFY_SOCKET=manager.address) as daemon:
        started = await daemon.said("console.started")
        await manager.hears("READY")
        before = await metric(started, "retrato_pace_seconds")

        settle('pace_seconds = 7\nlog_level = "debug"\nconcurrency = 2\nconsole_token = "a-secret-that-is-new"\n')
        daemon.process.send_signal(signal.SIGHUP)
        await manager.hears("RELOADING")
        await manager.hears("READY")
        reloaded = await daemon.said("settings.reloaded")
        rest = await daemon.said("settings.restart_needed")
        after = await metric(started, "retrato_pace_seconds")
        code = await daemon.stop()

    assert (before, after, code) == (1, 7, 0)
    assert (reloaded["pace_s"], reloaded["log_level"]) == (7, "debug")
    assert rest["names"] == ["RETRATO_CONCURRENCY", "RETRATO_CONSOLE_TOKEN"]
    assert "a-secret-that-is-new" not in "".join(daemon.raw)


@pytest.mark.parametrize(
    "broken",
    [
        "pace_seconds = = 7\n",
        "pace_seconds = -1\n",
        'log_level = "loud"\npace_seconds = 7\n',
        'providers = "fal"\n',  # whose key is not there
    ],
)
async def test_settings_that_are_wrong_change_nothing_on_hangup(shell, settle, broken):
    async with shell.daemon() as daemon:
        started = await daemon.said("console.started")
        await daemon.said("listener.connected")

        settle(broken)
        daemon.process.send_signal(signal.SIGHUP)
        refused = await daemon.said("settings.refused")
        after = await metric(started, "retrato_pace_seconds")
        code = await daemon.stop()

    assert (refused["level"], after, code) == ("error", 1, 0)
    assert not daemon.events("settings.reloaded")


async def test_value_that_the_environment_hides_is_said(shell, settle):
    async with shell.daemon(RETRATO_PACE_SECONDS="3") as daemon:
        await daemon.said("listener.connected")

        daemon.process.send_signal(signal.SIGHUP)
        hidden = await daemon.said("setting.hidden")
        reloaded = await daemon.said("settings.reloaded")
        await daemon.stop()

    assert (hidden["name"], reloaded["pace_s"]) == ("RETRATO_PACE_SECONDS", 3)


async def test_hangup_before_the_database_answers_ends_nobody(shell):
    async with shell.daemon(RETRATO_DATABASE_URL="postgresql://retrato:x@127.0.0.1:1/none") as daemon:
        await daemon.said("database.away")

        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("database.away", times=3)
        code = await daemon.stop()

    assert code == 0


async def test_broken_file_is_said_at_start_and_ends_with_78(shell, settle):
    settle("pace_seconds = = 7\n")

    done = await shell.run("run")

    assert done.code == 78
    assert "retrato.toml cannot be read" in done.err
    assert "Traceback" not in done.err


async def test_process_that_is_aborted_tells_where_it_was(shell):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")

        await daemon.stop(signal.SIGABRT)

    assert "Fatal Python error: Aborted" in "".join(daemon.raw)
