"""``retrato restore`` and ``retrato uninstall`` as people type them."""

import pytest

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

UNKNOWN = "00000000-0000-4000-8000-000000000000"
INSTALLED = "select to_regnamespace('retrato') is not null"


@pytest.fixture
def owners(shell, dsn):
    """The owner's address: the daemon's role may not take away what it did not make."""
    shell.env["RETRATO_DATABASE_URL"] = dsn
    return shell


async def test_old_version_is_listed_and_comes_back(shell, connection, empresa, insert):
    persona_id = await insert("Ana")
    await shell.run("generate", "--empresa-id", empresa)
    await shell.run("generate", "--empresa-id", empresa, "--force")
    first = await connection.fetchval("select image_url from retrato.avatars where version = 1")

    listed = await shell.run("restore", persona_id, "--json")
    done = await shell.run("restore", persona_id, "1")
    table = await shell.run("restore", persona_id)

    assert [one["version"] for one in listed.json()["versions"]] == [2, 1]
    assert (done.code, "version 1 is back, as version 3" in done.err) == (0, True)
    assert "version 1 again" in table.out
    assert await connection.fetchval("select avatar_image_url from personas") == first


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((UNKNOWN,), 1, UNKNOWN),
        ((UNKNOWN, "1"), 1, UNKNOWN),
        (("not a uuid", "1"), 1, "not a uuid"),
        ((UNKNOWN, "0"), 2, "VERSION"),
        ((), 2, "PERSONA"),
    ],
)
async def test_what_is_not_there_is_said(shell, words, code, told):
    done = await shell.run("restore", *words)

    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err


async def test_persona_without_a_version_is_told(shell, insert):
    done = await shell.run("restore", await insert("Ana"))

    assert (done.code, done.err.strip()) == (0, "There is no version yet.")


async def test_uninstall_says_what_stays_and_may_be_repeated(owners, connection, insert):
    await insert("Ana")

    plan = await owners.run("uninstall", "--plan")
    still = await connection.fetchval(INSTALLED)
    done = await owners.run("uninstall", "--yes")
    again = await owners.run("uninstall", "--yes")

    assert (plan.code, done.code, again.code) == (0, 0, 0)
    assert "drop trigger" in plan.out
    assert "(touches your table)" in plan.out
    assert still
    assert not await connection.fetchval(INSTALLED)
    assert await connection.fetchval("select count(*) from personas") == 1
    assert 'alter table "public"."personas" drop column regenerate_avatar' in done.err
    assert "The pictures stay where they are" in done.err
    assert again.err.strip() == "Nothing is installed here."


async def test_uninstall_asks_and_without_a_terminal_refuses(owners, connection):
    done = await owners.run("uninstall")

    assert done.code == 2
    assert "--yes" in done.err
    assert await connection.fetchval(INSTALLED)


async def test_uninstall_waits_for_nobodys_work_unless_forced(owners, connection):
    async with owners.daemon() as daemon:
        await daemon.said("daemon.started")
        refused = await owners.run("uninstall", "--yes")
        still = await connection.fetchval(INSTALLED)
        forced = await owners.run("uninstall", "--yes", "--force")

    assert (refused.code, forced.code) == (1, 0)
    assert "replicas are alive (1)" in refused.err
    assert still
    assert not await connection.fetchval(INSTALLED)


async def test_role_is_printed_and_nothing_is_done(owners, connection):
    done = await owners.run("migrate", "--roles", "face_painter")
    wrong = await owners.run("migrate", "--roles", "a'b")

    assert done.code == 0
    assert 'grant insert on retrato.avatars to "face_painter";' in done.out
    assert await connection.fetchval("select count(*) from pg_roles where rolname = 'face_painter'") == 0
    assert wrong.code == 78


async def test_role_for_an_autoscaler_is_printed_without_a_database(owners):
    done = await owners.run("migrate", "--backlog-role", "watcher", RETRATO_DATABASE_URL=None)
    wrong = await owners.run("migrate", "--backlog-role", "a'b", RETRATO_DATABASE_URL=None)

    assert (done.code, wrong.code) == (0, 78)
    assert 'grant select on retrato.backlog to "watcher";' in done.out
