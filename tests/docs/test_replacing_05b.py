"""The page for the replaced script's owner: what it shows works, in both languages."""

import asyncio
import json
import os
import re
import shlex
import sys
from collections import Counter
from pathlib import Path

import asyncpg
import pytest
from tests.console.console_support import TOKEN
from tests.docs.pages import ROOT, blocks, lines_of_code
from tests.tools import needs

from retrato.store import sample

PAGES = {name: (ROOT / "docs" / name).read_text() for name in ("replacing-05b.md", "replacing-05b.pt-BR.md")}
PAGE = PAGES["replacing-05b.md"]
ROUTE, COMMAND, SUPABASE, PROGRESS = blocks(PAGE, "js")
INCREMENTAL = {"scriptName": "05b_generate_images_alternating.js", "force_mode": False}
READY = "select count(*) from retrato.persona_status where state = 'ready'"

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too


@pytest.fixture
async def connection(migrated_dsn):
    opened = await asyncpg.connect(migrated_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def empresa(migrated_dsn, connection):
    """A company with two personas, nobody in the queue."""
    empresa_id = await sample.insert_company(migrated_dsn, personas=2)
    await connection.execute("delete from retrato.jobs")
    return empresa_id


@pytest.fixture
async def service_role(connection):
    """Supabase's role for servers."""
    await connection.execute("create role service_role")
    yield connection
    await connection.execute("reset role; drop owned by service_role; drop role service_role")


@pytest.fixture
def node(tmp_path):
    """Runs a module's code, and then an expression; returns what that has resolved to."""
    program = needs("node", untested="the routes of docs/replacing-05b.md")

    async def run(code: str, expression: str, **environment: str):
        module = tmp_path / "route.mjs"
        module.write_text(f"{code}\nconsole.log(JSON.stringify(await ({expression})));\n")
        process = await asyncio.create_subprocess_exec(
            program,
            str(module),
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return run


def _post(body):
    request = f"new Request('http://x/', {{method: 'POST', body: {json.dumps(json.dumps(body))}}})"
    return f"POST({request}).then(async (one) => [one.status, await one.json()])"


async def test_route_orders_and_the_old_polling_sees_it_done(shell, connection, empresa, node):
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        daemons = {"AVATARS_URL": (await daemon.said("console.started"))["url"], "AVATARS_TOKEN": TOKEN}
        await daemon.said("daemon.started")

        executar = await node(ROUTE, _post({**INCREMENTAL, "empresaId": empresa}), **daemons)
        await daemon.said("avatar.finished", times=2)
        persona_id = await connection.fetchval("select min(id::text) from personas")
        forcar = await node(ROUTE, _post({"personaId": persona_id, "force_mode": "true"}), **daemons)
        await daemon.said("avatar.finished", times=3)
        unknown = await node(ROUTE, _post({**INCREMENTAL, "empresaId": "../x"}), **daemons)
        progress = f"GET(new Request('http://x/?empresaId={empresa}')).then((one) => one.json())"
        polled = await node(PROGRESS, progress, **daemons)

    assert executar == [200, {"success": True, "result": "accepted", "enqueued": 2}]
    assert forcar == [200, {"success": True, "result": "accepted", "enqueued": 1}]
    assert (unknown[0], unknown[1]["success"]) == (404, False)
    assert polled == {"script": "05b", "status": "completed", "current": 2, "total": 2, "errors": 0}


async def test_command_is_run_as_the_script_was(shell, connection, empresa, node):
    own = {**shell.env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    done = await node(COMMAND, f"generate({json.dumps({'empresaId': empresa, 'force_mode': True})})", **own)
    unknown = await node(COMMAND, f"generate({json.dumps({'personaId': '$(id)'})})", **own)

    assert (done["success"], len(done["report"]["drawn"])) == (True, 2), done["output"]
    assert unknown["success"] is False
    assert "there is no persona with id or name '$(id)'" in unknown["output"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
async def test_commands_work_in_their_order_and_supabase_js_finds_the_functions(
    shell, empresa, service_role, page
):
    lines = [line for line in lines_of_code(page, "bash") if line.startswith("retrato ")]

    done = {line: await shell.run(*shlex.split(line)[1:]) for line in lines}

    assert {line: one.code for line, one in done.items() if one.code not in {0, 1} or "Traceback" in one.err} == {}
    check = await shell.run("migrate", "--check", "--rpc", "public", "--grant", "service_role")
    assert check.code == 0, check.err
    await service_role.execute("set role service_role")
    calls = {name: _arguments(told) for name, told in re.findall(r"rpc\('(\w+)', \{ (.*?) \}\)", SUPABASE)}
    assert calls.keys() == {"request_company", "request", "avatar_status"}
    values = {"empresa_id": f"'{empresa}'", "persona_ids": "'{}'", "force": "false"}
    for name, arguments in calls.items():
        # As PostgREST does it: by the arguments' names.
        named = ", ".join(f"{one} => {values[one]}" for one in arguments)
        await service_role.fetch(f"select * from public.{name}({named})")


def _arguments(told):
    return [one.partition(":")[0].strip() for one in told.split(",")]


async def test_statement_counts_as_the_old_file_did(connection, empresa):
    [statement] = blocks(PAGE, "sql")

    assert dict(await connection.fetchrow(statement.replace("'ID'", f"'{empresa}'"))) == {
        "current": 0,
        "total": 2,
        "errors": 0,
        "under_way": 0,
    }


SAME_IN_BOTH = {
    "headings": lambda page: re.findall(r"^#+ ", page, re.MULTILINE),
    "code": lambda page: [line.partition(" #")[0].rstrip() for line in "".join(_code(page)).splitlines()],
    "rows": lambda page: re.findall(r"^\| (?!---)", page, re.MULTILINE),
    "links": lambda page: [one for one in re.findall(r"\]\(([^)\s]+)\)", page) if one[:2] not in {"..", "re"}],
    "names in code": lambda page: re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)),
}
"""But those links that lead to the same page in another language."""


def _code(page):
    return re.findall(r"^```.*?^```", page, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("what", SAME_IN_BOTH)
def test_both_languages_say_the_same(what):
    english, portuguese = (Counter(SAME_IN_BOTH[what](page)) for page in PAGES.values())

    assert sorted((english - portuguese).elements()) == []
    assert sorted((portuguese - english).elements()) == []
