"""``retrato queue …`` beside a real daemon: what an operator says is obeyed by a process that nobody restarts."""

import asyncio

import pytest

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

UNKNOWN = "00000000-0000-4000-8000-000000000000"
READY = "select count(*) = $1 from retrato.persona_status where state = 'ready'"
RUNNING = "select count(*) = $1 from retrato.jobs where state = 'running'"
ATTEMPTS = "select count(*) from retrato.attempts"
POLL_S = "60"  # longer than a test: who sleeps is woken by a bell or not at all


async def test_pause_is_obeyed_at_once_shown_by_status_and_ended_by_resume(shell, connection, insert, until):
    async with shell.daemon(RETRATO_POLL_SECONDS=POLL_S) as daemon:
        await daemon.said("daemon.started")
        paused = await shell.run("queue", "pause", "--reason", "the bill")
        for number in range(3):
            await insert(f"Persona {number}")
        status = await shell.run("status", "--json")
        table = await shell.run("status")
        attempts_while_paused = await connection.fetchval(ATTEMPTS)
        resumed = await shell.run("queue", "resume")

        await until(READY, 3)

    assert (paused.code, resumed.code) == (0, 0)
    assert "everything is paused now" in paused.err
    assert "everything goes on" in resumed.err
    assert attempts_while_paused == 0
    assert status.json()["total"]["queued"] == 3
    [pause] = status.json()["pauses"]
    assert (pause["scope"], pause["name"], pause["reason"]) == ("all", "", "the bill")
    assert "the bill" in table.out


async def test_job_in_hand_is_finished_though_everything_is_paused(shell, simulator, insert, until):
    simulator.world.script("fal-ai", ["delay:3"])
    async with shell.daemon(RETRATO_POLL_SECONDS=POLL_S) as daemon:
        await daemon.said("daemon.started")
        await insert("Ana")
        await until(ATTEMPTS)

        await shell.run("queue", "pause")

        await until(READY, 1)


async def test_paused_company_waits_while_the_others_are_drawn(shell, connection, empresa, insert, until):
    other = await connection.fetchval(
        "insert into empresas (codigo, nome, descricao) values ('E2E-2', 'Outra', '-') returning id::text"
    )
    async with shell.daemon(RETRATO_POLL_SECONDS=POLL_S) as daemon:
        await daemon.said("daemon.started")
        paused = await shell.run("queue", "pause", f"--empresaId={empresa}")
        await insert("Ana")
        await insert("Bia", empresa_id=other)
        await until(READY, 1)
        drawn = await connection.fetchval("select empresa_id from retrato.avatars")

        resumed = await shell.run("queue", "resume", "--empresa-id", empresa)
        await until(READY, 2)

    assert f"company {empresa} is paused now" in paused.err
    assert f"company {empresa} goes on" in resumed.err
    assert drawn == other


async def test_paused_provider_is_passed_over_by_the_chain(shell, connection, insert, until):
    paused = await shell.run("queue", "pause", "--leg", "huggingface")
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        await insert("Ana")
        await until(READY, 1)

    assert "leg huggingface is paused now" in paused.err
    assert await connection.fetchval("select provider from retrato.avatars") == "pollinations"
    assert await connection.fetchval("select array_agg(distinct provider) from retrato.attempts") == [
        "pollinations"
    ]


async def test_cancelled_work_is_dropped_within_a_heartbeat_and_retry_brings_it_back(
    shell, simulator, connection, insert, until
):
    simulator.world.script("fal-ai", ["delay:60"])
    async with shell.daemon(RETRATO_POLL_SECONDS=POLL_S) as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert("Ana")
        await until(ATTEMPTS)

        cancelled = await shell.run("queue", "cancel", "--persona-id", persona_id)
        lost = await daemon.said("job.lost")
        state = await connection.fetchval("select state from retrato.persona_status")
        retried = await shell.run("queue", "retry", "--persona-id", persona_id)
        await until(READY, 1)

    assert "1 cancelled" in cancelled.err
    assert lost["persona_id"] == persona_id
    assert state == "failed"
    assert "1 queued" in retried.err


async def test_everything_or_a_company_can_be_cancelled_and_tried_again(shell, connection, empresa, insert):
    await insert("Ana")
    await insert("Bia")

    answers = [
        await shell.run("queue", *words)
        for words in (
            ("cancel", "--empresa-id", empresa),
            ("retry", "--empresa-id", empresa),
            ("cancel", "--all"),
            ("retry", "--all"),
            ("retry", "--all"),
        )
    ]

    assert [answer.code for answer in answers] == [0] * 5
    assert [answer.err.strip() for answer in answers] == [
        "2 cancelled",
        "2 queued",
        "2 cancelled",
        "2 queued",
        "0 queued",
    ]


async def test_saying_it_twice_is_no_error_and_is_told(shell):
    await shell.run("queue", "pause", "--leg", "fal")

    again = await shell.run("queue", "pause", "--leg", "fal")
    await shell.run("queue", "resume", "--leg", "fal")
    resumed_again = await shell.run("queue", "resume", "--leg", "fal")

    assert (again.code, resumed_again.code) == (0, 0)
    assert "leg fal was paused already" in again.err
    assert "leg fal was neither paused nor suspended" in resumed_again.err


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "--empresa-id", "x", "--leg", "y"),
        ("resume", "--empresa-id", "x", "--leg", "y"),
        ("pause", "--empresa-id", ""),
        ("resume", "--leg", ""),
        ("cancel",),
        ("cancel", "--all", "--empresa-id", "x"),
        ("cancel", "--empresa-id", ""),
        ("retry",),
        ("retry", "--persona-id", "x", "--empresa-id", "y"),
        ("pause", "--persona-id", "x"),
        ("stop",),
    ],
    ids=" ".join,
)
async def test_wrong_usage_ends_with_2_and_changes_nothing(shell, connection, words):
    done = await shell.run("queue", *words)

    assert done.code == 2
    assert "Traceback" not in done.err
    assert await connection.fetchval("select count(*) from retrato.pauses") == 0


@pytest.mark.parametrize("command", ["cancel", "retry"])
@pytest.mark.parametrize("persona_id", [UNKNOWN, "not a uuid"])
async def test_unknown_persona_is_said_and_ends_with_1(shell, command, persona_id):
    done = await shell.run("queue", command, "--persona-id", persona_id)

    assert done.code == 1
    assert persona_id in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["pause", "resume"])
async def test_unknown_leg_is_refused_with_those_that_there_are(shell, connection, command):
    await connection.execute("insert into retrato.legs (leg) values ('elsewhere/one')")

    done = await shell.run("queue", command, "--leg", "hugingface")
    known = [await shell.run("queue", command, "--leg", leg) for leg in ("elsewhere", "elsewhere/one")]

    assert done.code == 1
    for word in ("'hugingface'", "huggingface,", "huggingface/fal-ai", "elsewhere/one"):
        assert word in done.err
    assert [one.code for one in known] == [0, 0]


async def test_what_is_paused_can_be_resumed_though_nobody_knows_it_any_more(shell, connection):
    await connection.execute(
        "insert into retrato.pauses (scope, name) values ('leg', 'gone'), ('empresa', 'gone')"
    )

    done = [await shell.run("queue", "resume", option, "gone") for option in ("--leg", "--empresa-id")]

    assert [one.code for one in done] == [0, 0]
    assert await connection.fetchval("select count(*) from retrato.pauses") == 0


@pytest.mark.parametrize("command", ["pause", "resume", "cancel", "retry"])
@pytest.mark.parametrize("empresa_id", [UNKNOWN, "not a uuid"])
async def test_unknown_company_is_said_and_ends_with_1(shell, connection, command, empresa_id):
    done = await shell.run("queue", command, "--empresa-id", empresa_id)

    assert done.code == 1
    assert empresa_id in done.err
    assert "Traceback" not in done.err
    assert await connection.fetchval("select count(*) from retrato.pauses") == 0


async def test_company_is_paused_under_the_name_that_the_database_gives_it(shell, connection, empresa):
    await shell.run("queue", "pause", "--empresa-id", empresa.upper())

    assert await connection.fetchval("select name from retrato.pauses") == empresa


async def test_database_that_is_away_ends_with_69(shell):
    done = await shell.run("queue", "pause", RETRATO_DATABASE_URL="postgresql://retrato:x@127.0.0.1:1/none")

    assert done.code == 69


async def test_two_operators_at_once_are_no_trouble(shell, connection):
    done = await asyncio.gather(*(shell.run("queue", "pause") for _ in range(2)))

    assert [one.code for one in done] == [0, 0]
    assert await connection.fetchval("select count(*) from retrato.pauses") == 1


async def test_order_under_a_pause_says_why_nothing_comes(shell, empresa, insert):
    await insert("Ana")
    await shell.run("queue", "pause", "--empresa-id", empresa, "--reason", "new faces")
    process = await shell._start("generate", "--empresa-id", empresa, extra={})
    assert process.stderr is not None
    told = ""
    while "paused" not in told:
        told = (await process.stderr.readline()).decode()
    resumed = await shell.run("queue", "resume")
    await shell.run("queue", "resume", "--empresa-id", empresa)
    await process.communicate()

    assert told == (
        f"The work is paused (new faces): nothing is begun before `retrato queue resume --empresa-id {empresa}`.\n"
    )
    assert "was not paused as a whole" in resumed.err
    assert f"still paused: company {empresa}" in resumed.err
    assert process.returncode == 0
