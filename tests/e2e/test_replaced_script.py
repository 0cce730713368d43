"""What the card of the replaced script calls: its spelling, its orders, and what it is told when nothing comes."""

import os
import shlex

import pytest
from tests.e2e.conftest import EMPRESA

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "spelling",
    [
        "--personaId={}",
        "--personaId {}",
        '--personaId="{}"',
        "--persona-id={}",
        f"--personaId={{}} --empresaId={EMPRESA}",
        f"--empresa-id '{EMPRESA.upper()}' --personaId '{{}}'",
    ],
)
async def test_persona_is_named_as_the_script_did(shell, connection, insert, spelling):
    persona_id = await insert("Ana")
    await insert("Bia")
    await connection.execute("delete from retrato.jobs")

    done = await shell.run("generate", *shlex.split(spelling.format(persona_id)), "--json")

    assert (done.code, [one["persona_id"] for one in done.json()["drawn"]]) == (0, [persona_id]), done.err


async def test_forcar_for_one_persona_draws_it_anew(shell, insert):
    persona_id = await insert("Ana")
    await shell.run("generate", f"--personaId={persona_id}")

    forced = await shell.run("generate", f"--personaId={persona_id}", "--force", "--json")

    assert [one["version"] for one in forced.json()["drawn"]] == [2]


async def test_names_serve_as_well_as_ids(shell, connection, empresa, insert):
    await insert("Ana Souza")
    await insert("Bia")
    await connection.execute("delete from retrato.jobs")

    one = await shell.run("generate", "--empresaId", " empresa de teste ", "--personaId", "ana souza", "--json")
    all_of_them = await shell.run("generate", "--empresaId=Empresa de Teste", "--json")

    assert [drawn["name"] for drawn in one.json()["drawn"]] == ["Ana Souza"]
    assert [drawn["name"] for drawn in all_of_them.json()["drawn"]] == ["Bia"]


async def test_name_of_several_asks_for_an_id(shell, insert):
    ids = [await insert("Ana"), await insert("ana")]

    done = await shell.run("generate", "--personaId=Ana")

    assert done.code == 1
    assert "2 personas are called 'Ana'" in done.err
    assert all(one in done.err for one in ids)


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("generate --empresaId", NOBODY),
        ("generate --empresaId", "x"),
        ("generate --personaId", "'; drop table personas; --"),
        ("generate --personaId", "9" * 50),
        ("generate --personaId", os.fsdecode(b"\xff")),
        ("generate --empresaId", os.fsdecode(b"\xff")),
        ("generate --force --personaId", "%"),
        ("generate --dry-run --personaId", "x"),
        ("generate --dry-run --version 1 --personaId", "x"),
        ("status --empresaId", "x"),
        ("queue pause --empresaId", "Ninguém"),
        ("queue resume --empresaId", "x"),
        ("queue cancel --empresaId", NOBODY),
        ("queue cancel --personaId", "x"),
        ("queue retry --empresaId", "x"),
        ("queue retry --personaId", NOBODY),
    ],
)
async def test_unknown_id_or_name_is_said_and_ends_with_1(shell, empresa, command, unknown):
    *words, option = command.split()
    done = await shell.run(*words, f"{option}={unknown}")

    assert (done.code, "Traceback" in done.err) == (1, False), done.err
    assert "there is no" in done.err


@pytest.mark.parametrize(("persona", "version"), [(NOBODY, ("1",)), ("x", ("1",)), ("x", ()), ("Ninguém", ())])
async def test_nobodys_version_is_not_restored(shell, empresa, persona, version):
    done = await shell.run("restore", persona, *version)

    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "there is no persona" in done.err


async def test_persona_of_another_company_is_said(shell, connection, insert):
    persona_id = await insert("Ana")
    other = await connection.fetchval(
        "insert into empresas (codigo, nome, descricao) values ('E2E-2', 'Outra', '-') returning id::text"
    )

    done = await shell.run("generate", f"--empresaId={other}", f"--personaId={persona_id}", "--force")

    assert done.code == 1
    assert persona_id in done.err
    assert other in done.err


@pytest.mark.parametrize("command", ["generate", "queue cancel"])
async def test_variable_that_was_not_set_is_no_company(shell, command):
    done = await shell.run(*command.split(), "--empresaId=")

    assert done.code == 2
    assert "the name is empty" in done.err


async def test_placeholders_are_counted_by_what_they_wait_for(shell, connection, empresa, insert):
    for _ in range(26):
        await insert("[A GERAR]")
    await insert("Ivo", status="inactive")
    await insert("Ana", avatar_image_url="https://app.example/ana.jpg")

    done = await shell.run("generate", f"--empresaId={empresa}")
    told = (await shell.run("generate", f"--empresaId={empresa}", "--json")).json()["not_ready"]

    assert done.code == 0
    assert "0 enqueued" in done.err
    assert "26 wait for a name" in done.err
    assert "1 is inactive" in done.err
    assert told == [
        {"reason": "inactive", "personas": 1, "flagged": 0},
        {"reason": "name", "personas": 26, "flagged": 0},
    ]


async def test_flagged_personas_that_are_not_ready_are_told(shell, connection, empresa, insert):
    await insert("[A GERAR]", avatar_image_url="https://app.example/ana.jpg")
    await insert("[A GERAR]")
    await connection.execute("update personas set regenerate_avatar = true where avatar_image_url is not null")

    executar = await shell.run("generate", f"--empresaId={empresa}")
    await connection.execute("update personas set regenerate_avatar = false")
    forcar = await shell.run("generate", f"--empresaId={empresa}", "--force")

    assert "2 wait for a name; 1 flagged" in executar.err
    assert "2 wait for a name\n" in forcar.err


async def test_personas_without_the_applications_prompt_are_told(shell, dsn, connection, empresa, insert):
    await insert("Ana")
    await connection.execute("delete from retrato.jobs")
    by_prompt = {"RETRATO_READY_WHEN": "prompt"}
    await shell.run("migrate", RETRATO_DATABASE_URL=dsn, **by_prompt)

    done = await shell.run("generate", f"--empresaId={empresa}", **by_prompt)

    assert done.code == 0
    assert "1 waits for the application's prompt (RETRATO_READY_WHEN=prompt)" in done.err


async def test_migrate_writes_functions_for_supabase_js_and_tells_what_they_open(shell, dsn, connection):
    words = ("--rpc", "public", "--grant", "anon")
    shell.env["RETRATO_DATABASE_URL"] = dsn  # the owner's: who may migrate
    await connection.execute("create role anon")
    try:
        plan = await shell.run("migrate", "--plan", *words)
        sql = await shell.run("migrate", "--plan", "--sql", *words)
        before = await shell.run("migrate", "--check", *words)
        done = await shell.run("migrate", *words)
        after = await shell.run("migrate", "--check", *words)
        plain = await shell.run("migrate", "--check")
    finally:
        await connection.execute("drop owned by anon; drop role anon")

    assert [one.code for one in (plan, before, done, after, plain)] == [0, 1, 0, 0, 0], done.err
    assert "functions   " in plan.out
    assert 'create or replace function "public".request_company(empresa_id text, force' in sql.out
    assert "anon is everybody" in done.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--rpc", "nowhere", "--grant", "postgres"), 78, "'nowhere'"),
        (("--rpc", "public", "--grant", "nobody_at_all"), 78, "nobody_at_all"),
        (("--rpc", "public"), 2, "go together"),
        (("--grant", "postgres"), 2, "go together"),
        (("--check", "--rpc", "nowhere", "--grant", "postgres"), 78, "'nowhere'"),
    ],
)
async def test_schema_or_role_that_is_not_there_is_refused_by_migrate(shell, words, code, told):
    done = await shell.run("migrate", *words)

    assert (done.code, "Traceback" in done.err) == (code, False)
    assert told in done.err
