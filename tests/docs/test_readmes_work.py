"""What the READMEs tell people to type works as it stands there, in both languages."""

import re
import shlex
from uuid import uuid4

import asyncpg
import pytest
from tests.docs.pages import ROOT, blocks, lines_of_code

from retrato.settings import unknown_variables
from retrato.store import sample
from retrato.store.status import STATES

READMES = {name: (ROOT / name).read_text() for name in ("README.md", "README.pt-BR.md")}
SETTING_UP = ("python3 -m venv", "~/retrato-venv/bin/pip install", "export PATH=")

each_readme = pytest.mark.parametrize("readme", READMES.values(), ids=READMES)


@pytest.fixture
async def connection(applications_dsn):
    opened = await asyncpg.connect(applications_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def migrated(connection, migrated_dsn):
    """The application's connection, after `retrato migrate`, with a company."""
    assert migrated_dsn
    await connection.execute("insert into empresas (codigo, nome, descricao) values ('E', 'Empresa', '')")
    return connection


@each_readme
async def test_ten_minutes_with_your_own_database(readme, shell, applications_dsn, connection):
    lines = [line for line in lines_of_code(readme, "bash") if not line.startswith(SETTING_UP)]
    exported = [line.removeprefix("export ").partition("=")[0] for line in lines if line.startswith("export ")]
    commands = [shlex.split(line)[1:] for line in lines if not line.startswith("export ")]

    assert unknown_variables(dict.fromkeys(exported, "")) == []
    assert [words[0] for words in commands] == ["migrate", "migrate", "run", "generate", "status"]
    plan, migrate, run, generate, status = commands
    assert "create schema if not exists retrato" in (await shell.run(*plan)).out
    assert (await shell.run(*migrate)).code == 0
    empresa = await sample.insert_company(applications_dsn, personas=2)
    async with shell.daemon(*run[1:]) as daemon:
        await daemon.said("avatar.finished", times=2)
        assert await daemon.stop() == 0
    await connection.execute("update personas set avatar_image_url = null; delete from personas_avatares")
    await connection.execute("delete from retrato.avatars")
    done = await shell.run(*generate[:-1], empresa)
    assert (done.code, "2" in done.err) == (0, True), done.err
    assert (await shell.run(*status)).out.split().count("2") >= 2


@each_readme
async def test_what_the_application_can_do(readme, migrated):
    statements = re.findall(r"^\| `((?:insert|update|select|delete) .*?)` \|", readme, re.MULTILINE)
    insert, update, request, request_company, look, delete = statements
    empresa = str(await migrated.fetchval("select id from empresas"))

    await migrated.execute(
        insert.replace("…", "(persona_code, full_name, role, empresa_id) values ('P', 'Ana', 'Analista', $1)"),
        empresa,
    )
    persona = str(await migrated.fetchval("select id from personas"))
    for_this_one = {"'ID', …": f"'{persona}'", "EMPRESA": empresa, "empresa_id = …": f"empresa_id = '{empresa}'"}
    for_this_one |= {"id = …": f"id = '{persona}'", "personas …": "personas"}

    def filled(statement):
        for place, value in for_this_one.items():
            statement = statement.replace(place, value)
        assert "…" not in statement
        return statement

    assert await migrated.fetchval(filled(request)) == 0  # the trigger has queued it
    [row] = await migrated.fetch(filled(look))
    assert row["state"] == "queued"
    await migrated.execute("delete from retrato.jobs")
    assert await migrated.fetchval(filled(request_company)) == 1
    await migrated.execute("delete from retrato.jobs")
    await migrated.execute(filled(update))
    assert await migrated.fetchval("select count(*) from retrato.jobs") == 1
    await migrated.execute(filled(delete))
    assert await migrated.fetchval("select count(*) from retrato.jobs") == 0


@each_readme
def test_states_in_the_table_are_those_of_the_view(readme):
    [told] = re.findall(r"`(missing waiting [a-z ]+)`", readme)

    assert sorted(told.split()) == sorted(STATES)


@each_readme
async def test_grants_are_what_an_application_needs(readme, migrated):
    [grants] = blocks(readme, "sql")
    never_committed = migrated.transaction()
    await never_committed.start()
    await migrated.execute("create role app")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with migrated.transaction():
            await migrated.execute("set local role app; select retrato.request('{}', false)")
    await migrated.execute(f"{grants}; set local role app")

    assert await migrated.fetchval("select retrato.request('{}', force => false)") == 0
    assert await migrated.fetchval("select retrato.request_company($1, force => false)", str(uuid4())) == 0
    assert await migrated.fetch("select * from retrato.persona_status") == []
    await never_committed.rollback()
