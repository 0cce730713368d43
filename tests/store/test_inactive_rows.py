"""Rows that the application has taken out of use are not drawn, however it says so; who returns is queued."""

import asyncpg
import pytest
from tests import daemon_role
from tests.store.support import connected

from retrato.domain.errors import ConfigError
from retrato.store import migrations
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.personas import Personas

TABLE = "create table personas (id bigint generated always as identity primary key, name text, {column})"
STATUS = [
    "inactive INACTIVE Inativo inativa INATIVO inactivo Inactiva arquivado Arquivada archivado archived disabled",
    "desativado desativada desactivado desabilitado deshabilitado inhabilitado deleted deletado removed removido",
    "eliminado apagado borrado suspended suspenso suspensa suspendido blocked bloqueado banned banido cancelled",
    "canceled cancelado deactivated desligado demitido encerrado terminated retired aposentado soft_deleted",
    "excluido excluído EXCLUÍDA exclui\u0301do baja not_active não_ativo",
]
INACTIVE_WORDS = [*" ".join(STATUS).split(), "  Inativo ", "dado de baja", "soft deleted"]
ACTIVE_WORDS = [
    "active",
    "ativo",
    "ATIVA",
    "activo",
    "pending",
    "rascunho",
    "draft",
    "novo",
    "",
    "Baja California",
]

# Column and its type, as SQL the value of a row out of use and of one in use; each group is a table.
OUT_OF_USE = {
    "booleans": [
        ("status boolean", "false", "true"),
        ("is_active boolean", "false", "true"),
        ("active boolean", "false", "true"),
        ("ativo boolean", "false", "true"),
        ("ativa boolean", "false", "true"),
        ("activo boolean", "false", "true"),
        ('"isActive" boolean', "false", "true"),
        ("enabled boolean", "false", "true"),
        ("is_deleted boolean default false", "true", "false"),
        ("deleted boolean", "true", "null"),
        ("excluido boolean", "true", "false"),
        ("archived boolean", "true", "false"),
        ("is_disabled boolean", "true", "false"),
        ("inativo boolean", "true", "false"),
    ],
    "times": [
        ("deleted_at timestamptz", "now()", "null"),
        ("removed_at timestamp", "now()", "null"),
        ("archived_at date", "current_date", "null"),
        ('"deletedAt" timestamptz', "now()", "null"),
        ("excluido_em timestamptz", "now()", "null"),
        ("arquivado_em timestamptz default 'infinity'", "now()", "'infinity'"),
        ("eliminado_en timestamptz", "now()", "null"),
    ],
    "words": [
        ("status char(20)", "'INATIVO'", "'ATIVO'"),
        ("situacao text", "'Inativa'", "'Ativa'"),
        ("state text", "'disabled'", "'enabled'"),
        ("ativo char(1)", "'N'", "'S'"),
        ("ativa text", "'Não'", "'sim'"),
        ("activo text", "'NÃO'", "'sí'"),
        ("is_active text", "'false'", "'true'"),
        ("deleted char(1) default 'N'", "'S'", "'N'"),
        ("deleted_at bigint not null default 0", "1764000000", "0"),
        ("active smallint", "0", "1"),
    ],
}


@pytest.fixture
async def install(bare_dsn):
    """Creates a table of personas with one more column, and installs Retrato beside it."""
    async with connected(bare_dsn) as connection:

        async def install(column, mapping=None, before=""):
            if before:
                await connection.execute(before)
            await connection.execute(TABLE.format(column=column))
            await migrations.apply(bare_dsn, mapping)
            return connection

        yield install


async def queued(connection):
    return [
        row["name"]
        for row in await connection.fetch(
            "select s.name from retrato.jobs j join retrato.persona_status s using (persona_id) "
            'order by s.name collate "C"'
        )
    ]


def column_name(column):
    return column.split()[0]


@pytest.mark.parametrize("group", OUT_OF_USE.values(), ids=list(OUT_OF_USE))
async def test_row_out_of_use_is_not_queued_and_is_when_it_returns(install, group):
    connection = await install(", ".join(column for column, _, _ in group))
    names = [column_name(column) for column, _, _ in group]

    for name, (_, gone, there) in zip(names, group, strict=True):
        insert = f"insert into personas (name, {name}) values ($1, {gone}), ('in use', {there})"
        await connection.execute(insert, name)
    at_first = await queued(connection)
    gone_ids = await connection.fetchval("select array_agg(id::text) from personas where name <> 'in use'")
    asked = await connection.fetchval("select retrato.request($1, force => true)", gone_ids)
    for name, (_, _, there) in zip(names, group, strict=True):
        await connection.execute(f"update personas set {name} = {there} where name = $1", name)

    assert at_first == ["in use"] * len(group)
    assert asked == 0
    assert await queued(connection) == sorted([*names, *at_first])


async def test_words_of_three_languages_take_a_row_out_of_use_in_any_case(install):
    connection = await install("status text")

    await connection.executemany(
        "insert into personas (name, status) values ('x', $1)", [(w,) for w in INACTIVE_WORDS]
    )
    await connection.executemany(
        "insert into personas (name, status) values ('y', $1)", [(w,) for w in ACTIVE_WORDS]
    )

    rows = await connection.fetch(
        "select p.status, p.name from personas p join retrato.jobs j on j.persona_id = p.id::text"
    )
    assert {row["status"] for row in rows} == set(ACTIVE_WORDS)
    assert {row["name"] for row in rows} == {"y"}


async def test_status_of_an_enum_type_is_read(install):
    connection = await install(
        "status vida not null default 'ativo'", before="create type vida as enum ('ativo', 'Arquivado')"
    )

    await connection.execute("insert into personas (name, status) values ('Ana', 'Arquivado'), ('Bia', 'ativo')")

    assert await queued(connection) == ["Bia"]


async def test_unknown_status_holds_nobody_back(install):
    connection = await install("status text, is_active boolean, deleted_at timestamptz")

    await connection.execute("insert into personas (name) values ('Ana')")

    assert await queued(connection) == ["Ana"]


async def test_each_of_several_columns_takes_a_row_out_of_use(install):
    connection = await install("status text, is_active boolean, deleted_at timestamptz")

    await connection.execute(
        """
        insert into personas (name, status, is_active, deleted_at)
        values
            ('a', 'inativo', true, null), ('b', 'active', false, null), ('c', 'active', true, now()),
            ('d', 'active', true, null)
        """
    )

    assert await queued(connection) == ["d"]


async def test_flag_that_was_raised_while_the_row_was_out_of_use_counts_when_it_returns(install):
    connection = await install("deleted_at timestamptz")
    await connection.execute("insert into personas (name, deleted_at) values ('Ana', now())")
    await connection.execute("update personas set regenerate_avatar = true")

    before = await queued(connection)
    await connection.execute("update personas set deleted_at = null")

    assert before == []
    assert await queued(connection) == ["Ana"]


async def test_row_that_leaves_after_it_was_queued_is_not_ready_any_more(install, bare_dsn):
    connection = await install("deleted_at timestamptz")
    await connection.execute("insert into personas (name) values ('Ana')")
    await connection.execute("update personas set deleted_at = now()")

    await daemon_role.make_if_asked(bare_dsn)
    database = Database(daemon_role.product(bare_dsn))
    await database.open()
    try:
        draft = await Personas(database, await Host.read(connection)).read("1")
    finally:
        await database.close()

    assert draft is not None
    assert not draft.ready


async def test_words_of_the_applications_own_are_taken_as_they_are_written(install):
    words = ("I", "on_leave", "50%", "it's", "a|b", "$$", "{personas}", "[", "\\")
    connection = await install("status text", HostMapping(inactive_words=words))

    await connection.executemany("insert into personas (name, status) values ('x', $1)", [(w,) for w in words])
    await connection.executemany(
        "insert into personas (name, status) values ('y', $1)",
        [("A",), ("onXleave",), ("a",), ("b",), ("5000",), ("ii",)],
    )

    assert set(await queued(connection)) == {"y"}
    assert len(await queued(connection)) == 6


@pytest.mark.parametrize("name", ["status", "active", "deleted"])
async def test_mapping_may_say_that_a_column_means_something_else(install, name):
    connection = await install("status boolean, active boolean, deleted boolean", HostMapping(columns={name: ""}))
    gone = {"status": "false, true, false", "active": "true, false, false", "deleted": "true, true, true"}[name]

    await connection.execute(f"insert into personas (name, status, active, deleted) values ('Ana', {gone})")

    assert await queued(connection) == ["Ana"]


async def test_mapping_names_the_columns_that_have_other_names(install):
    connection = await install(
        "phase text, here boolean, gone_since date",
        HostMapping(columns={"status": "phase", "active": "here", "deleted": "gone_since"}),
    )

    await connection.execute(
        """
        insert into personas (name, phase, here, gone_since)
        values ('a', 'inativo', true, null), ('b', 'x', false, null), ('c', 'x', true, now()),
            ('d', 'x', true, null)
        """
    )

    assert await queued(connection) == ["d"]


async def test_words_are_refused_where_no_column_could_hold_them(install):
    with pytest.raises(ConfigError, match="inactive_words"):
        await install("status boolean", HostMapping(inactive_words=("I",)))


async def test_role_without_rights_on_our_functions_may_write(install, bare_dsn):
    connection = await install("status text, is_active boolean, deleted_at timestamptz")
    await connection.execute("drop role if exists rows_stranger")
    await connection.execute("create role rows_stranger")
    try:
        await connection.execute("grant select, insert, update on personas to rows_stranger")
        await connection.execute("set role rows_stranger")
        await connection.execute("insert into personas (name, status) values ('Ana', 'inativo')")
        await connection.execute("update personas set status = 'ativo'")
        await connection.execute("reset role")

        assert await queued(connection) == ["Ana"]
    except asyncpg.PostgresError:
        await connection.execute("reset role")
        raise
    finally:
        await connection.execute("drop owned by rows_stranger; drop role rows_stranger")
