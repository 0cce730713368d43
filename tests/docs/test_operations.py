"""The operations guide: its statements and commands work, its tests exist, its log events are the code's."""

import ast
import os
import re
import shlex
import subprocess
from pathlib import Path

import asyncpg
import pytest
from tests.docs.pages import ROOT, blocks, lines_of_code, section
from tests.e2e.processes import Shell

from retrato.embedded.binaries import choose_binaries
from retrato.store import sample

PAGE = (ROOT / "docs/operations.md").read_text()
RUNBOOKS = re.findall(r"^### (Retrato\w+)$", PAGE, re.MULTILINE)
PARTS = ("Means", "Users notice", "(Do|Look and do)", "Goes away")
LEVELS = ("info", "warning", "error")
BRIDGED = {"library.logged": {"warning"}}
"""Logged with the level that the library has chosen."""

STATEMENTS = [one for block in blocks(PAGE, "sql") for one in block.split(";\n") if one.strip()]
COMMANDS = [line for line in lines_of_code(PAGE, "bash") if line.startswith("retrato ")]
WHO_STANDS_WHERE = (
    "select persona_id, state, version, avatar_url, seed from retrato.persona_status order by persona_id"
)
ONE_WAITS_AND_ONE_RUNS = """
update personas set regenerate_avatar = true;
insert into retrato.replicas (id, lock_key, locks, version) values (gen_random_uuid(), 1, true, '0');
update retrato.jobs
set
    state = 'running',
    token = nextval('retrato.tokens'),
    replica_id = (select id from retrato.replicas),
    lease_until = now() + interval '1 h',
    started_at = now()
where persona_id = (select min(persona_id) from retrato.jobs)
"""
PLACES = {"ID": "11111111-1111-4111-8111-111111111111", "NAME": "huggingface/fal-ai"}


def _events() -> dict[str, set[str]]:
    """Event → the levels at which the code logs it."""
    events: dict[str, set[str]] = dict(BRIDGED)
    for path in (ROOT / "daemon/retrato").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[event, *_]) if (
                    level in LEVELS
                ):
                    # `"a" if … else "b"` is two events.
                    words = [one.value for one in ast.walk(event) if isinstance(one, ast.Constant)]
                    for word in words:
                        events.setdefault(word, set()).add(level)
    return events


def _documented_events() -> dict[str, set[str]]:
    rows = re.findall(r"^\| (`[a-z_.`· ]+`) \| (\w+) \|", section(PAGE, "## Log events"), re.MULTILINE)
    return {event: {level} for names, level in rows for event in re.findall(r"`([a-z_.]+)`", names)}


def test_table_of_log_events_is_the_codes():
    events, documented = _events(), _documented_events()

    assert sorted(events.keys() - documented.keys()) == [], "events that docs/operations.md lacks"
    assert sorted(documented.keys() - events.keys()) == [], "events of docs/operations.md that the code never logs"
    assert documented == events


@pytest.mark.parametrize("alert", RUNBOOKS)
def test_runbook_says_everything(alert):
    runbook = section(PAGE, f"### {alert}")

    assert [part for part in PARTS if not re.search(rf"\*\*{part}\*\*", runbook)] == []


def test_tests_that_show_a_behaviour_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", section(PAGE, "## When parts fail"))

    assert named
    assert [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in ((ROOT / path).read_text() if (ROOT / path).exists() else "")
    ] == []


def test_shell_of_root_has_the_daemons_settings(tmp_path):
    """The page's own lines, with a machine's folders in *tmp_path*."""
    [lines] = [block for block in blocks(PAGE, "bash") if "/etc/credstore" in block]
    for name, text in {
        "etc/credstore/retrato.database_url": "postgresql://retrato:geheim@localhost/app\n",
        "etc/credstore/retrato.fal_key": "key\n",
        "etc/retrato/retrato.env": "AWS_REGION='sa-east-1'\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    script = f"{lines.replace('/etc/', f'{tmp_path}/etc/')}\npwd; env"
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)

    told = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert told[0] == str(tmp_path / "etc/retrato")
    assert {
        "RETRATO_DATABASE_URL=postgresql://retrato:geheim@localhost/app",
        "RETRATO_FAL_KEY=key",
        "AWS_REGION=sa-east-1",
    } <= set(told)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: " ".join(one.split())[:60])
async def test_statement_works(statement, migrated_dsn):
    connection = await asyncpg.connect(migrated_dsn)

    await connection.execute(statement)

    await connection.close()


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
async def test_command_is_understood_and_needs_nothing_else(command, shell: Shell, migrated_dsn):
    await sample.insert_company(migrated_dsn, personas=1)

    done = await shell.run(*(PLACES.get(word, word) for word in shlex.split(command)[1:]))

    assert done.code in {0, 1}, done.err
    assert "Traceback" not in done.err


async def test_dump_is_restored_with_queue_and_versions(shell: Shell, migrated_dsn, new_database):
    """The page's own lines; in the restored database what was queued is drawn, and what was drawn is there."""
    empresa = await sample.insert_company(migrated_dsn, personas=2)
    assert (await shell.run("generate", "--empresa-id", empresa)).code == 0
    connection = await asyncpg.connect(migrated_dsn)
    await connection.execute(ONE_WAITS_AND_ONE_RUNS)
    before = await connection.fetch(WHO_STANDS_WHERE)
    await connection.close()

    _in_bash(_line("pg_dump"), shell.folder, migrated_dsn)
    restored_dsn = await new_database()
    _in_bash(_line("pg_restore"), shell.folder, restored_dsn)

    connection = await asyncpg.connect(restored_dsn)
    assert await connection.fetch(WHO_STANDS_WHERE) == before
    assert (await shell.run("migrate", "--check", RETRATO_DATABASE_URL=restored_dsn)).code == 0
    async with shell.daemon(RETRATO_DATABASE_URL=restored_dsn) as daemon:
        assert (await daemon.said("avatar.finished", times=2))["version"] == 2
        assert daemon.events("keeper.took_over")
    await connection.execute(
        "insert into personas (persona_code, full_name, role, empresa_id) values ('N', 'N', '', $1)", empresa
    )
    assert await connection.fetchval("select count(*) from retrato.jobs") == 1
    await connection.close()


def _line(command: str) -> str:
    """The page's line that begins with *command*."""
    [line] = [
        one for one in lines_of_code(section(PAGE, "## Backup and restore"), "bash") if one.startswith(command)
    ]
    return line


def _in_bash(line: str, folder: Path, dsn: str) -> None:
    programs = choose_binaries(prefer="bundled", major=None).folder
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "RETRATO_DATABASE_URL": dsn}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
