"""The commands as people type them: what they do, what they say, how they end."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from tests.system.servers import free_port

from retrato.store import sample

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

NOWHERE = "postgresql://retrato:geheim@127.0.0.1:1/none"


async def test_generate_draws_what_is_missing_without_a_daemon(shell, connection, empresa, insert):
    await insert("Ana")
    await insert("[A GERAR]")

    done = await shell.run("generate", "--empresa-id", empresa)

    assert done.code == 0
    assert "1 drawn, 0 failed" in done.err
    assert await connection.fetchval("select count(*) from retrato.avatars") == 1


async def test_generate_takes_the_old_spelling_and_answers_in_json(shell, empresa, insert):
    await insert("Ana")

    done = await shell.run("generate", f"--empresaId={empresa}", "--json")

    assert done.code == 0
    assert [one["name"] for one in done.json()["drawn"]] == ["Ana"]


async def test_generate_again_has_nothing_to_do_and_force_draws_anew(shell, connection, empresa, insert):
    await insert("Ana")
    await shell.run("generate", "--empresa-id", empresa)

    again = await shell.run("generate", "--empresa-id", empresa, "--json")
    forced = await shell.run("generate", "--empresa-id", empresa, "--force", "--json")

    assert again.json()["drawn"] == []
    assert [one["version"] for one in forced.json()["drawn"]] == [2]


async def test_generate_for_one_persona_leaves_the_others_alone(shell, connection, empresa, insert):
    first = await insert("Ana")
    await insert("Bia")
    await connection.execute("delete from retrato.jobs")

    done = await shell.run("generate", "--persona-id", first, "--json")

    assert [one["persona_id"] for one in done.json()["drawn"]] == [first]
    assert await connection.fetchval("select count(*) from retrato.avatars") == 1


async def test_any_version_can_be_foretold_and_told_again(shell, connection, empresa, insert):
    persona_id = await insert("Ana")
    await shell.run("generate", "--empresa-id", empresa)
    drawn = await connection.fetchrow("select prompt, seed from retrato.avatars")

    first = await shell.run("generate", "--persona-id", persona_id, "--version", "1", "--dry-run", "--json")
    next_one = await shell.run("generate", "--persona-id", persona_id, "--dry-run", "--json")

    assert (first.json()["prompt"], first.json()["seed"]) == tuple(drawn)
    assert (next_one.json()["version"], next_one.json()["prompt"]) == (2, drawn["prompt"])
    assert next_one.json()["seed"] != drawn["seed"]
    assert await connection.fetchval("select count(*) from retrato.attempts") == 1


async def test_generate_works_beside_a_running_daemon(shell, connection, empresa, insert):
    async with shell.daemon(RETRATO_CONCURRENCY="1") as daemon:
        await daemon.said("daemon.started")
        for number in range(6):
            await insert(f"Persona {number}")

        done = await shell.run("generate", "--empresa-id", empresa)

    assert done.code == 0
    assert await connection.fetchval("select count(*) from retrato.avatars") == 6


async def test_generate_ends_with_1_and_the_reason_when_an_avatar_failed(
    shell, simulator, connection, empresa, insert
):
    await insert("Ana")
    simulator.world.script("fal-ai.result", ["fal_422_content_policy"])

    done = await shell.run("generate", "--empresa-id", empresa, "--json")
    retried = await shell.run("generate", "--empresa-id", empresa, "--retry-failed", "--json")

    assert done.code == 1
    assert done.json()["failed"][0]["last_error"]
    assert retried.code == 0
    assert len(retried.json()["drawn"]) == 1


async def test_unknown_empresa_is_said_and_ends_with_1(shell):
    done = await shell.run("generate", "--empresa-id", "00000000-0000-4000-8000-000000000000")

    assert done.code == 1
    assert "00000000-0000-4000-8000-000000000000" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("persona_id", ["00000000-0000-4000-8000-000000000000", "not a uuid", "'; --"])
async def test_unknown_persona_is_said_and_ends_with_1(shell, persona_id):
    done = await shell.run("generate", "--persona-id", persona_id)

    assert (done.code, "Traceback" in done.err) == (1, False)
    assert persona_id in done.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RETRATO_DATABASE_URL", "not a url"),
        ("RETRATO_DATABASE_URL", "mysql://localhost/x"),
        ("RETRATO_PROVIDERS", "huggingface,midjourney"),
        ("RETRATO_PROVIDERS", "huggingface,huggingface"),
        ("RETRATO_PACE_SECONDS", "-1"),
        ("RETRATO_CONCURRENCY", "many"),
        ("RETRATO_STORAGE_URL", "ftp://x/y"),
        ("RETRATO_RETRY_WAITS_SECONDS", "3,soon"),
        ("RETRATO_HUGGINGFACE_ROUTER_URL", "router"),
        ("RETRATO_CONSOLE_TOKEN", "too-short"),
    ],
)
async def test_wrong_setting_is_named_and_ends_with_78_before_any_work(shell, variable, value):
    done = await shell.run("run", **({"RETRATO_DATABASE_URL": NOWHERE} | {variable: value}))

    assert done.code == 78
    assert variable in done.err
    assert "Traceback" not in done.err


async def test_role_without_rights_is_told_who_gives_them(shell, dsn, connection):
    await connection.execute("create role clerk login password 'geheim'")
    try:
        host = dsn.rpartition("@")[2]
        done = await shell.run("status", RETRATO_DATABASE_URL=f"postgresql://clerk:geheim@{host}")
    finally:
        await connection.execute("drop role clerk")

    assert done.code == 78
    assert "retrato migrate --roles" in done.err


async def test_wrong_template_is_told_and_ends_with_78_before_any_work(shell):
    (shell.folder / "retrato.toml").write_text('[prompts]\ntemplate = "a face"\n')

    done = await shell.run("run", RETRATO_DATABASE_URL=NOWHERE)

    assert done.code == 78
    assert "[prompts] in retrato.toml" in done.err


async def test_named_provider_without_its_key_ends_with_78(shell):
    done = await shell.run("run", RETRATO_PROVIDERS="huggingface,pollinations", HUGGINGFACE_API_KEY=None)

    assert done.code == 78
    assert "HUGGINGFACE_API_KEY" in done.err


async def test_default_provider_without_its_key_is_left_out_aloud(shell, connection, empresa, insert):
    await insert("Ana")

    done = await shell.run("generate", "--empresa-id", empresa, "--json", HUGGINGFACE_API_KEY=None)

    assert done.code == 0
    assert done.err.count("HUGGINGFACE_API_KEY") == 1
    assert done.json()["drawn"][0]["provider"] == "pollinations"


@pytest.mark.parametrize("command", [("status",), ("migrate",), ("generate", "--empresa-id", "x")])
async def test_one_shot_command_gives_up_on_an_absent_database_with_69(shell, command):
    done = await shell.run(*command, RETRATO_DATABASE_URL=NOWHERE)

    assert done.code == 69
    assert "Traceback" not in done.err
    assert "geheim" not in done.err


@pytest.mark.parametrize("command", [("status",), ("generate", "--empresa-id", "x")])
async def test_database_that_was_never_migrated_names_the_command(shell, bare_dsn, command):
    await sample.create_host_tables(bare_dsn)

    done = await shell.run(*command, RETRATO_DATABASE_URL=bare_dsn)

    assert done.code == 1
    assert "retrato migrate" in done.err


async def test_migrate_checks_plans_and_migrates(shell, bare_dsn):
    await sample.create_host_tables(bare_dsn)

    before = await shell.run("migrate", "--check", RETRATO_DATABASE_URL=bare_dsn)
    plan = await shell.run("migrate", "--plan", RETRATO_DATABASE_URL=bare_dsn)
    still = await shell.run("migrate", "--check", RETRATO_DATABASE_URL=bare_dsn)
    done = await shell.run("migrate", RETRATO_DATABASE_URL=bare_dsn)
    after = await shell.run("migrate", "--check", "--json", RETRATO_DATABASE_URL=bare_dsn)

    assert (before.code, plan.code, still.code, done.code, after.code) == (1, 0, 1, 0, 0)
    assert plan.out.startswith('Retrato beside "public"."personas" (generation a')
    assert 'avatares: "public"."personas_avatares"' in plan.out
    assert "out of use  status" in plan.out
    told = after.json()
    assert (told["up_to_date"], told["missing"]) == (True, [])
    assert told["schema"]["schema"] == told["schema"]["release"]


async def test_database_without_personas_is_said(shell, bare_dsn):
    done = await shell.run("migrate", RETRATO_DATABASE_URL=bare_dsn)

    assert done.code == 78
    assert "personas" in done.err


async def test_status_tells_backlog_legs_and_replicas(shell, empresa, insert):
    await insert("Ana")
    await shell.run("generate", "--empresa-id", empresa)
    await insert("Bia")

    told = (await shell.run("status", "--json")).json()
    shown = await shell.run("status")

    assert told["empresas"][empresa] == {"ready": 1, "queued": 1}
    assert told["legs"][0]["leg"] == "huggingface/fal-ai"
    assert told["schema"]["schema"] == told["schema"]["release"]
    assert empresa in shown.out
    assert "Empresa de Teste" in shown.out
    assert "(up to date)" in shown.err


async def test_status_of_one_company_takes_the_old_spelling_and_names_a_typing_error(shell, empresa):
    there = await shell.run("status", f"--empresaId={empresa}")
    nowhere = await shell.run("status", "--empresa-id", "00000000-0000-4000-8000-000000000000")

    assert (there.code, nowhere.code) == (0, 1)
    assert "`retrato status` lists them" in nowhere.err


@pytest.mark.parametrize("command", [("status",), ("migrate", "--check")])
async def test_misspelt_setting_is_told_by_commands_too(shell, command):
    (shell.folder / "retrato.toml").write_text("pase_seconds = 1\n")

    done = await shell.run(*command, RETRATO_CONCURENCY="1")

    assert done.code == 0
    assert [json.loads(line)["name"] for line in done.err.splitlines() if "setting.unknown" in line] == [
        "RETRATO_CONCURENCY",
        "pase_seconds in retrato.toml",
    ]


async def test_healthcheck_asks_the_daemon_itself_and_no_proxy(shell):
    async with shell.daemon() as daemon:
        url = (await daemon.said("console.started"))["url"]
        there = {"RETRATO_CONSOLE_PORT": url.rpartition(":")[2], "http_proxy": "http://127.0.0.1:1"}
        alive = await shell.run("healthcheck", **there)
    dead = await shell.run("healthcheck", **there)

    assert (alive.code, dead.code) == (0, 1)
    assert url in dead.err


async def test_no_secret_reaches_logs_database_or_argv(shell, simulator, dsn, empresa, insert):
    canary = "hf_CANARYCANARYCANARY"
    pollinations = "sk_CANARYPOLLINATIONS"
    await insert("Ana")
    simulator.world.script("fal-ai", ["hf_401"])
    secrets = {"HUGGINGFACE_API_KEY": canary, "POLLINATIONS_API_KEY": pollinations}

    done = await shell.run("generate", "--empresa-id", empresa, "--json", **secrets)
    broken = await shell.run(
        "generate", "--empresa-id", empresa, RETRATO_POLLINATIONS_URL=f"http://u:{canary}@127.0.0.1:1", **secrets
    )

    said = done.out + done.err + broken.out + broken.err
    reader = await asyncpg.connect(dsn)
    tables = ("retrato.jobs", "retrato.attempts", "retrato.avatars", "retrato.legs", "personas_avatares")
    kept = str([[tuple(row) for row in await reader.fetch(f"select * from {table}")] for table in tables])
    await reader.close()
    assert done.code == 0
    for secret in (canary, pollinations, dsn.partition("@")[0].rpartition(":")[2]):
        assert secret not in said
        assert secret not in kept


async def _answer(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        return answer.status


async def test_console_prints_the_link_that_logs_in_and_no_log_holds_it(shell, dsn, empresa):
    port = str(free_port())
    async with shell.daemon(RETRATO_CONSOLE_PORT=port) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        first = await shell.run("console", RETRATO_CONSOLE_PORT=port)
        link, _, token = first.out.strip().partition("#")
        statuses = [await _answer(f"{url}/api/empresas", one) for one in (None, token)]
        hint = await daemon.said("console.locked")
        await daemon.stop()
    after = await shell.run("console", RETRATO_CONSOLE_PORT=port)
    async with shell.daemon(RETRATO_CONSOLE_PORT=port) as daemon:
        await daemon.said("daemon.started")
        anew = await _answer(f"{url}/api/empresas", token)

    assert (first.code, link) == (0, f"http://localhost:{port}/login")
    assert "`retrato console`" in hint["remedy"]
    assert (statuses, anew) == ([401, 200], 200)
    assert after.out == first.out
    assert "no daemon answers" in after.err
    assert token not in "".join(daemon.raw) + first.err
    reader = await asyncpg.connect(dsn)
    kept = [row["query"] for row in await reader.fetch("select query from pg_stat_activity")]
    await reader.close()
    assert token not in str(kept)


async def test_console_prints_the_link_of_a_token_that_is_set(shell):
    token = "a token/with#signs"

    done = await shell.run("console", RETRATO_CONSOLE_TOKEN=token, RETRATO_CONSOLE_PORT="1")

    assert done.out == "http://localhost:1/login#a%20token%2Fwith%23signs\n"
    assert not (shell.folder / ".retrato/console-token").exists()


async def test_console_says_why_nobody_can_log_in(shell):
    in_a_pod = await shell.run("console", KUBERNETES_SERVICE_HOST="10.0.0.1")
    any_port = await shell.run("console")

    assert (in_a_pod.code, any_port.code) == (1, 78)
    assert "RETRATO_CONSOLE_TOKEN" in in_a_pod.err
    assert "RETRATO_CONSOLE_PORT" in any_port.err


async def test_who_starts_the_daemon_on_a_terminal_sees_the_link(shell):
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "retrato", "run",
        cwd=shell.folder, env={**shell.env, "NO_COLOR": "1"}, stdin=asyncio.subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    while "/login#" not in shown:
        shown += (await asyncio.to_thread(os.read, ours, 4096)).decode()
    process.kill()
    await process.wait()
    os.close(ours)
    token = (shell.folder / ".retrato/console-token").read_text().strip()

    assert re.search(rf"The console: http://localhost:\d+/login#{re.escape(token)}\s", shown)


async def test_daemon_whose_token_cannot_be_trusted_draws_and_shows_nothing(shell, empresa, insert, connection):
    (shell.folder / ".retrato").mkdir()
    (shell.folder / ".retrato/console-token").symlink_to("/etc/hostname")
    await insert("Ana")

    async with shell.daemon() as daemon:
        warning = await daemon.said("console.closed")
        await daemon.said("avatar.finished")
        page = await _answer((await daemon.said("console.started"))["url"] + "/empresas")

    assert "symbolic link" in warning["reason"]
    assert "RETRATO_CONSOLE_TOKEN" in warning["remedy"]
    assert page == 403


async def test_demo_draws_a_whole_company_from_nothing(shell):
    done = await shell.run(
        "demo", "--once", "--pace", "0.05", "--personas", "4", RETRATO_DATABASE_URL=None, HUGGINGFACE_API_KEY=None
    )

    files = [line.split()[-1] for line in done.out.splitlines() if ".jpg" in line]
    assert done.code == 0
    assert len(files) == 4
    assert all(Path(file).stat().st_size > 1000 for file in files)  # noqa: ASYNC240 - four small files
    assert re.search(r"http://localhost:\d+/login\?back=/empresas/[0-9a-f-]+#\S{40,}\n", done.err)


async def test_embedded_database_is_refused_where_it_would_be_a_surprise(shell):
    done = await shell.run("run", RETRATO_DATABASE_URL=None, INVOCATION_ID="1")

    assert done.code == 78
    assert "RETRATO_DATABASE_URL" in done.err
    assert "RETRATO_EMBEDDED" in done.err


async def test_logs_are_json_lines_with_one_canonical_line_per_persona(shell, insert, until):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        persona_id = await insert("Ana")
        line = await daemon.said("avatar.finished")
        await daemon.stop()

    assert line["persona_id"] == persona_id
    assert {"empresa_id", "version", "provider", "leg", "seed", "attempts", "took_s", "cost_usd"} <= line.keys()
    assert all(json.loads(raw) for raw in daemon.raw)


@pytest.mark.parametrize("words", [(), ("queue",)])
async def test_help_says_what_each_command_does_in_a_line_of_a_terminal(shell, words):
    told = await shell.run(*words, "--help", COLUMNS="80")

    assert told.code == 0
    assert "..." not in told.out.partition("Commands:")[2]
