"""``retrato migrate`` beside an application's tables: the plan on one screen, and what is refused."""

import pytest
from tests.e2e.processes import Shell
from tests.store.support import connected
from tests.store.test_encodings import database_in

__all__ = ["database_in"]

pytestmark = pytest.mark.timeout(180)
ENGLISH = """
create table companies (id uuid primary key default gen_random_uuid(), name text, country text);
create table personas (
    id uuid primary key default gen_random_uuid(), company_id uuid references companies, "fullName" text,
    name text not null, country text, bio text, photo text, created_at timestamptz default now()
);
"""


@pytest.fixture
def shell(tmp_path, bare_dsn, simulator):
    return Shell(tmp_path, bare_dsn, simulator)


@pytest.fixture
async def owner(bare_dsn):
    async with connected(bare_dsn) as connection:
        yield connection


async def test_plan_is_one_screen_and_all_sql_is_asked_for(shell, owner):
    await owner.execute(f"{ENGLISH}; insert into personas (name) values ('Ana')")

    plan = await shell.run("migrate", "--plan")
    sql = await shell.run("migrate", "--plan", "--sql")

    assert (plan.code, sql.code) == (0, 0)
    assert len(plan.out.splitlines()) <= 40
    assert max(map(len, plan.out.splitlines())) <= 100
    assert len(sql.out.splitlines()) > 1000
    assert "create or replace trigger retrato_on_insert" in sql.out
    assert await owner.fetchval("select to_regnamespace('retrato')") is None
    for told in (
        '"public"."companies"',
        "; bio",
        "photo for avatar_url",
        "retrato_on_insert",
    ):
        assert told in plan.out


async def test_plan_in_json_names_what_was_not_found(shell, owner):
    await owner.execute(ENGLISH)

    done = (await shell.run("migrate", "--plan", "--json")).json()

    assert done["maybe_columns"]["avatar_url"] == ["photo"]
    assert done["reads"]["bio"] == ["bio"]
    assert {"gender", "avatar_url"} <= set(done["not_found"])
    assert done["adds_column"] is True
    assert done["steps"]


async def test_company_table_of_another_name_is_asked_after(shell, owner):
    await owner.execute("create table accounts (id int); create table personas (id int primary key, name text)")

    plan = await shell.run("migrate", "--plan")

    assert "table accounts for empresas" in plan.out


@pytest.mark.parametrize("command", [("migrate", "--plan"), ("migrate",)])
@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ("create table personas (tenant int, id int, name text, primary key (tenant, id))", "(tenant, id)"),
        ("create table personas (id int primary key, name text, avatar_url varchar(100))", "holds 100 characters"),
        ("create view personas as select 1 as id, 'Ana' as name", "is a view"),
        (
            (
                "create table personas (id int primary key, name text);"
                "create table personas_avatares (persona_id int, avatar_url text, style text not null)"
            ),
            '"style"',
        ),
    ],
    ids=["composite key", "short column", "view", "column that nobody fills"],
)
async def test_tables_that_do_not_fit_are_refused_with_78_and_by_name(shell, owner, command, tables, told):
    await owner.execute(tables)

    done = await shell.run(*command)

    assert done.code == 78
    assert told in done.out + done.err
    assert "Traceback" not in done.err
    assert await owner.fetchval("select to_regnamespace('retrato')") is None


@pytest.mark.parametrize("command", [("migrate", "--plan"), ("migrate",)])
async def test_read_only_database_is_called_so(shell, owner, command):
    name = await owner.fetchval("select current_database()")
    await owner.execute("create table personas (id int primary key, name text)")
    await owner.execute(f"alter database {name} set default_transaction_read_only = on")

    done = await shell.run(*command)

    assert done.code == 78
    assert "takes no writes" in done.err
    assert "does not answer" not in done.err


@pytest.mark.parametrize(
    "setting",
    [
        "standard_conforming_strings = off",
        "datestyle = 'German, DMY'",
        "timezone = 'America/Sao_Paulo'",
        "bytea_output = 'escape'",
        "default_transaction_isolation = 'serializable'",
        "transform_null_equals = on",
        "statement_timeout = '500ms'",
        "lock_timeout = '1ms'",
        "idle_session_timeout = '500ms'",
        "idle_in_transaction_session_timeout = '500ms'",
        "row_security = off",
        "intervalstyle = 'sql_standard'",
        "extra_float_digits = -5",
        "array_nulls = off",
        "quote_all_identifiers = on",
        "check_function_bodies = off",
        "plpgsql.variable_conflict = 'use_variable'",
        "client_encoding = 'LATIN1'",
        "lc_messages = 'C'",
        "search_path = public, pg_catalog",
        "default_transaction_deferrable = on",
        "synchronous_commit = off",
        "constraint_exclusion = off",
        "xmloption = 'document'",
    ],
)
async def test_setting_of_the_database_changes_nothing(shell, owner, bare_dsn, setting):
    name = await owner.fetchval("select current_database()")
    await owner.execute(f"alter database {name} set {setting}")
    async with connected(bare_dsn) as application:
        await application.execute(
            "set idle_session_timeout = 0;"
            "create table personas (id int primary key, name text, avatar_url text, avatar_metadata jsonb)"
        )

        done = await shell.run("migrate")
        await application.execute("insert into personas (id, name) values (1, 'Ana'), (2, ' [A GERAR]')")
        drawn = await shell.run("generate", "--persona-id", "1", "--json")

        assert (done.code, drawn.code, drawn.err.count("Traceback")) == (0, 0, 0)
        assert [one["name"] for one in drawn.json()["drawn"]] == ["Ana"]
        assert await application.fetch("select persona_id from retrato.jobs") == []
        assert await application.fetchval("select avatar_metadata is not null from personas where id = 1")


async def test_latin1_database_works_from_moving_in_to_the_picture(tmp_path, database_in, simulator):
    dsn = await database_in("LATIN1")
    shell = Shell(tmp_path, dsn, simulator)
    async with connected(dsn) as owner:
        await owner.execute("create table personas (id int primary key, name text, role text)")
        done = await shell.run("migrate")
        await owner.execute("insert into personas values (1, 'João Conceição', 'Diretor de Imigração')")

        drawn = await shell.run("generate", "--persona-id", "1", "--json")
        status = await shell.run("status")

    assert (done.code, drawn.code, status.code) == (0, 0, 0)
    assert drawn.json()["drawn"][0]["name"] == "João Conceição"
