"""A table that would not take an avatar is found out before one is paid for, and nothing of the trial stays."""

import pytest
from tests.store.support import Bell, connected

from retrato.store import migrations
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.trial import try_writing

SMALL = "create table personas (id int primary key, name text, avatar_url text)"
BESIDE = f"{SMALL}; create table personas_avatares (persona_id int, avatar_url text)"
ANA = "insert into personas (id, name) values (1, 'Ana')"
IMAGE, THUMBNAIL = "https://avatars.example/a.jpg", "https://avatars.example/a_thumb.jpg"


def addresses(empresa_id, persona_id):
    return f"{IMAGE}?{persona_id}", f"{THUMBNAIL}?{persona_id}"


@pytest.fixture
async def owner(bare_dsn):
    async with connected(bare_dsn) as connection:
        yield connection


async def tried(owner, mapping=None):
    return await try_writing(owner, await Host.read(owner, mapping), addresses)


KNOWN_WITHOUT_ROWS = {
    "address too long": (
        "create table personas (id int primary key, name text, avatar_url varchar(30))",
        '"avatar_url" of "public"."personas" holds 30 characters',
    ),
    "address too long for a domain": (
        "create domain url as varchar(20); create table personas (id int primary key, name text, avatar_url url)",
        "holds 20 characters",
    ),
    "address too long for char(n)": (
        "create table personas (id int primary key, name text, avatar_url char(20))",
        "holds 20 characters",
    ),
    "thumbnail too long beside": (
        f"{BESIDE}; alter table personas_avatares add avatar_thumbnail_url varchar(9)",
        '"avatar_thumbnail_url" of "public"."personas_avatares" holds 9',
    ),
    "column that nobody fills": (
        f"{BESIDE}; alter table personas_avatares add style text not null",
        '"style" of "public"."personas_avatares" takes no null',
    ),
    "every address is computed": (
        (
            "create table personas (id int primary key, name text, "
            "avatar_url text generated always as ('https://cdn.example/' || name) stored)"
        ),
        'computes "avatar_url" of "public"."personas"',
    ),
    "time that is a number": (
        f"{SMALL}; alter table personas add avatar_image_generated_at bigint",
        "cannot cast type timestamp with time zone to bigint",
    ),
}
FOUND_BY_WRITING = {
    "check": (f"{SMALL}; alter table personas add constraint local check (avatar_url ~ '^/')", "local"),
    "check of another table": (
        f"{BESIDE}; alter table personas_avatares add servico_usado text check (servico_usado = 'fal')",
        "servico_usado",
    ),
    "foreign key": (
        (
            f"{SMALL}; create table files (url text primary key); "
            "alter table personas add constraint known foreign key (avatar_url) references files"
        ),
        "known",
    ),
    "deferred foreign key": (
        (
            f"{SMALL}; create table files (url text primary key); alter table personas add constraint known "
            "foreign key (avatar_url) references files deferrable initially deferred"
        ),
        "known",
    ),
    "exclusion": (
        (
            f"{SMALL}; alter table personas add constraint apart exclude using btree (avatar_url with =) "
            "where (avatar_url like 'https%')"
        ),
        None,
    ),
    "enum of services": (
        f"{BESIDE}; create type service as enum ('fal'); alter table personas_avatares add servico_usado service",
        "invalid input value for enum service",
    ),
    "trigger of theirs": (
        (
            f"{SMALL}; create function refuse() returns trigger language plpgsql as "
            "$$ begin raise 'only on weekdays'; end $$; "
            "create trigger refuse before update on personas for each row execute function refuse()"
        ),
        "only on weekdays",
    ),
    "constraint trigger that waits": (
        (
            f"{SMALL}; create function refuse() returns trigger language plpgsql as "
            "$$ begin raise 'too late'; end $$; "
            "create constraint trigger refuse after update on personas deferrable initially deferred "
            "for each row execute function refuse()"
        ),
        "too late",
    ),
    "rule": (
        f"{SMALL}; create rule nothing as on update to personas do instead nothing",
        "DO INSTEAD NOTHING rules",
    ),
}


@pytest.mark.parametrize(("tables", "told"), KNOWN_WITHOUT_ROWS.values(), ids=KNOWN_WITHOUT_ROWS)
async def test_what_the_catalogue_tells_is_told_though_nobody_is_there(owner, tables, told):
    await owner.execute(tables)

    trial = await tried(owner)

    assert told in trial.obstacles[0]
    assert not trial.was_written


@pytest.mark.parametrize("is_migrated", [False, True], ids=["before migrating", "migrated"])
@pytest.mark.parametrize(("tables", "told"), FOUND_BY_WRITING.values(), ids=FOUND_BY_WRITING)
async def test_what_only_writing_tells_is_told(owner, bare_dsn, tables, told, is_migrated):
    await owner.execute(tables)
    if is_migrated:
        await migrations.apply(bare_dsn)
    await owner.execute(ANA)

    trial = await tried(owner)

    if told is None:
        assert trial.obstacles == []
    else:
        assert told in trial.obstacles[0]
        assert trial.obstacles[0].startswith("the application's tables do not take an avatar: ")


@pytest.mark.parametrize("rows", ["", "insert into personas_avatares values (1, 'https://old.example/1.png')"])
async def test_nothing_of_the_trial_stays_and_nothing_rings(owner, bare_dsn, rows):
    await owner.execute(f"{BESIDE}; alter table personas_avatares add metadados jsonb, add prompt_usado text")
    await migrations.apply(bare_dsn)
    await owner.execute(f"{ANA}; insert into personas values (2, '[A GERAR]'); {rows}")
    everything = "select p::text, pa::text, j::text from personas p left join personas_avatares pa on "
    everything += "pa.persona_id = p.id left join retrato.jobs j on j.persona_id = p.id::text order by p.id"
    before = await owner.fetch(everything)
    async with connected(bare_dsn) as listening:
        bell = Bell(listening)
        await bell.listen()

        trial = await tried(owner)

        assert (trial.obstacles, trial.was_written, await bell.rings()) == ([], True, 0)
    assert await owner.fetch(everything) == before
    assert await owner.fetchval("select count(*) from retrato.avatars") == 0


async def test_persona_without_a_row_beside_it_is_tried_too(owner):
    await owner.execute(f"{BESIDE}; alter table personas_avatares add constraint few check (persona_id < 2)")
    await owner.execute(f"{ANA}; insert into personas_avatares values (1); insert into personas values (2, 'Bia')")

    trial = await tried(owner)

    assert "few" in trial.obstacles[0]


async def test_rows_and_tables_in_use_are_not_waited_for(owner, bare_dsn):
    await owner.execute(f"{SMALL}; {ANA}")
    async with connected(bare_dsn) as other, other.transaction():
        await other.execute("update personas set name = 'Bia'")
        row = await tried(owner)
        await other.execute("lock table personas in access exclusive mode")
        table = await tried_on(owner, bare_dsn)

    assert (row.obstacles, row.was_written, table.obstacles, table.was_written) == ([], False, [], False)


async def tried_on(owner, bare_dsn):
    host = await Host.read(owner)
    return await try_writing(owner, host, addresses)


@pytest.mark.parametrize("what", ["avatar_thumbnail_url", "avatar_local_path"])
async def test_column_that_the_database_computes_is_left_to_it(owner, bare_dsn, what):
    await owner.execute(
        f"{BESIDE}; {ANA}; "
        f"alter table personas_avatares add {what} text generated always as (avatar_url || '?') stored;"
        "alter table personas add avatar_thumbnail_url text generated always as (avatar_url || '?') stored"
    )
    await migrations.apply(bare_dsn)

    trial = await tried(owner)

    assert (trial.obstacles, trial.was_written) == ([], True)


async def test_mapping_that_leaves_the_column_out_is_a_way(owner):
    await owner.execute(f"{SMALL}; alter table personas alter avatar_url type varchar(9); {ANA}")

    trial = await tried(owner, HostMapping(columns={"avatar_url": ""}))

    assert trial.obstacles == []


async def test_right_that_the_role_lacks_is_told(owner, bare_dsn):
    await owner.execute(
        f"{SMALL}; {ANA}; create role poor login password 'poor'; grant select on personas to poor"
    )
    try:
        async with connected(bare_dsn, user="poor", password="poor") as poor:
            trial = await tried(poor)
        assert "permission denied for table personas" in trial.obstacles[0]
    finally:
        await owner.execute("drop owned by poor; drop role poor")


async def test_policy_that_refuses_the_row_is_told(owner, bare_dsn):
    await owner.execute(
        f"{SMALL}; {ANA}; alter table personas enable row level security; create role poor login password 'poor';"
        "grant select, update on personas to poor;"
        "create policy read on personas for select to poor using (true);"
        "create policy write on personas for update to poor using (true) with check (avatar_url is null)"
    )
    try:
        async with connected(bare_dsn, user="poor", password="poor") as poor:
            trial = await tried(poor)
        assert "row-level security policy" in trial.obstacles[0]
    finally:
        await owner.execute("drop owned by poor; drop role poor")
