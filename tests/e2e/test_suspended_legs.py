"""A key that is wrong, an operator who puts it right, and what both are told meanwhile."""

import pytest
from tests import daemon_role
from tests.e2e.processes import Shell

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

READY = "select count(*) = $1 from retrato.persona_status where state = 'ready'"
WRONG, RIGHT = "hf_a_key_that_nobody_takes", "hf_a_key_for_the_simulator"
SUSPENDED = "select count(*) > 0 from retrato.leg_suspensions where suspended_until > now()"
DELAYED = "select count(*) = $1 from retrato.jobs where delayed"
RESUME = "retrato queue resume --leg huggingface/fal-ai"


@pytest.fixture
async def simulator():
    scenario = Scenario(faces=False, latency_seconds={"default": (0.02, 0.05)}, keys={"huggingface": [RIGHT]})
    async with Simulator(scenario) as running:
        yield running


@pytest.fixture
def shell(tmp_path, dsn, simulator):
    """Hugging Face alone, with a key that it does not take; who sleeps is woken or not at all."""
    settings = {"RETRATO_PROVIDERS": "huggingface", "HUGGINGFACE_API_KEY": WRONG, "RETRATO_POLL_SECONDS": "60"}
    return Shell(tmp_path, daemon_role.product(dsn), simulator, **settings)


async def test_key_that_was_put_right_is_asked_as_soon_as_the_daemon_starts(shell, connection, insert, until):
    await insert("Ana")
    async with shell.daemon() as daemon:
        await until(DELAYED, 1)
        await daemon.stop()

    async with shell.daemon(HUGGINGFACE_API_KEY=RIGHT) as daemon:
        await until(READY, 1, timeout_s=30)
        await daemon.stop()

    rows = await connection.fetch(
        "select to_jsonb(l)::text || to_jsonb(i) as text from retrato.legs l, retrato.installation i"
    )
    assert rows
    assert not [row for row in rows if WRONG in row["text"] or RIGHT in row["text"]]


async def test_replica_with_the_old_key_does_not_stop_the_one_with_the_new(shell, connection, insert, until):
    async with shell.daemon() as old, shell.daemon(HUGGINGFACE_API_KEY=RIGHT, RETRATO_POLL_SECONDS="1") as new:
        await old.said("daemon.started")
        await new.said("daemon.started")
        for number in range(12):
            await insert(f"Persona {number}")

        await until(READY, 12)

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_key_in_a_file_counts_like_one_in_the_environment(shell, tmp_path, insert, until):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    key = secrets / "huggingface_api_key"
    key.write_text(WRONG)
    settings = {"HUGGINGFACE_API_KEY": None, "CREDENTIALS_DIRECTORY": str(secrets)}
    await insert("Ana")
    async with shell.daemon(**settings) as daemon:
        await until(DELAYED, 1)
        await daemon.stop()
    key.write_text(RIGHT)

    async with shell.daemon(**settings) as daemon:
        await until(READY, 1, timeout_s=30)


async def test_resumed_leg_is_asked_within_seconds_by_a_daemon_that_waits(shell, simulator, insert, until):
    await insert("Ana")
    async with shell.daemon():
        await until(DELAYED, 1)
        simulator.world.scenario.keys["huggingface"] = (WRONG,)

        resumed = await shell.run("queue", "resume", "--leg", "huggingface")
        await until(READY, 1, timeout_s=10)

    assert "leg huggingface goes on" in resumed.err


async def test_status_and_doctor_print_the_command_that_resumes_a_leg(shell, insert, until):
    await insert("Ana")
    async with shell.daemon() as daemon:
        await until(DELAYED, 1)
        await daemon.stop()

    status = await shell.run("status")
    in_json = await shell.run("status", "--json")
    doctor = await shell.run("doctor", "legs")

    assert "suspended until" in status.out
    assert RESUME in status.out
    leg = next(leg for leg in in_json.json()["legs"] if leg["leg"] == "huggingface/fal-ai")
    assert (leg["state"], leg["last_fault"], leg["resume_command"]) == ("suspended", "auth", RESUME)
    assert doctor.code == 1
    assert "huggingface/fal-ai: suspended until" in doctor.out
    assert "1 jobs wait, and no leg can draw" in doctor.out
    assert RESUME in doctor.out


async def test_doctor_is_content_when_the_key_was_put_right(shell, insert, until):
    await insert("Ana")
    async with shell.daemon() as daemon:
        await until(DELAYED, 1)
        await daemon.stop()

    doctor = await shell.run("doctor", "legs", HUGGINGFACE_API_KEY=RIGHT)

    assert doctor.code == 0
    assert "available: huggingface/fal-ai" in doctor.out


@pytest.mark.parametrize("already", [True, False], ids=["suspended before", "suspended meanwhile"])
async def test_generate_says_at_once_that_no_leg_can_draw_and_gives_up(shell, empresa, insert, until, already):
    await insert("Ana")
    await insert("Bia")
    if already:
        async with shell.daemon() as daemon:
            await until(DELAYED, 2)
            await daemon.stop()

    done = await shell.run("generate", "--empresa-id", empresa, "--json", timeout_s=60)

    assert done.code == 1
    assert "No leg can draw now." in done.err
    assert "huggingface/fal-ai: suspended until" in done.err
    assert RESUME in done.err
    assert len(done.json()["left"]) == 2


async def test_generate_gives_up_where_the_only_provider_is_paused(shell, empresa, insert):
    await insert("Ana")
    await shell.run("queue", "pause", "--leg", "huggingface", "--reason", "the bill", HUGGINGFACE_API_KEY=RIGHT)

    done = await shell.run("generate", "--empresa-id", empresa, timeout_s=60, HUGGINGFACE_API_KEY=RIGHT)

    assert done.code == 1
    assert "paused (the bill)" in done.err
    assert "retrato queue resume --leg huggingface`" in done.err


async def test_generate_tells_that_the_month_is_spent(shell, connection, empresa, insert):
    await insert("Ana")
    await connection.execute(
        "insert into retrato.attempts (persona_id, empresa_id, version, token, provider, leg, model, seed, redraw,"
        " state, cost_usd) values ('x', 'e', 1, 1, 'fal', 'fal/x', 'm', 1, 0, 'succeeded', 20)"
    )
    settings = {"HUGGINGFACE_API_KEY": RIGHT, "RETRATO_MONTHLY_BUDGET_USD": "20"}

    done = await shell.run("generate", "--empresa-id", empresa, timeout_s=60, **settings)
    doctor = await shell.run("doctor", "legs", "budget", **settings)

    assert done.code == 1
    assert "would pass RETRATO_MONTHLY_BUDGET_USD" in done.err
    assert doctor.code == 1
    assert "$20.00 of $20.00 spent or set aside" in doctor.out
    assert await connection.fetchval("select count(*) from retrato.attempts") == 1


async def test_generate_waits_where_a_leg_is_throttled_for_a_moment(shell, simulator, empresa, insert):
    simulator.world.script("fal-ai", ["hf_429"])
    await insert("Ana")

    done = await shell.run("generate", "--empresa-id", empresa, timeout_s=120, HUGGINGFACE_API_KEY=RIGHT)

    assert done.code == 0, done.err
