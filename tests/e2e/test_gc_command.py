"""``retrato gc``, as an operator or a timer runs it."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(180)

READY = "select version from retrato.persona_status where persona_id = $1 and state = 'ready'"
A_WEEK_PASSES = "update retrato.garbage set noted_at = noted_at - interval '8 days'"


def stored_files(folder: Path) -> list[Path]:
    return sorted((folder / ".retrato" / "avatars").rglob("*.jpg"))


async def test_pictures_of_a_deleted_persona_go_after_the_grace_time(shell, connection, insert, until):
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        deleted, kept = await insert("Ana"), await insert("Bia")
        await until(READY, deleted)
        await until(READY, kept)
        claimed = (await shell.run("gc", "--json")).json()
        await connection.execute("delete from personas where id = $1::text::uuid", deleted)

        noted = (await shell.run("gc", "--json")).json()
        await connection.execute(A_WEEK_PASSES)
        told = await shell.run("gc", "--dry-run")
        files = len(stored_files(shell.folder))
        removed = (await shell.run("gc", "--json")).json()

    assert (claimed["refusal"], claimed["unnamed"]) == (None, 0)
    assert (noted["unnamed"], noted["removed"]) == (1, 0)
    assert (told.code, files) == (0, 4)
    assert "1 would be removed now" in told.err
    assert removed["removed"] == 1
    assert [path.parts[-2] for path in stored_files(shell.folder)] == [kept, kept]


async def test_store_of_unknown_pictures_is_left_alone_until_a_person_says_yes(shell):
    picture = shell.folder / ".retrato/avatars/acme/ana/v1-900000001-0123456789abcdef.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"another database's")

    refused = await shell.run("gc")
    agreed = await shell.run("gc", "--yes")

    assert refused.code == 1
    assert "gc --yes" in refused.err
    assert agreed.code == 0
    assert picture.exists()


async def test_grace_time_below_a_day_and_memory_are_refused(shell):
    short = await shell.run("gc", "--grace-days", "0.5")
    memory = await shell.run("gc", RETRATO_STORAGE_URL="memory://")

    assert (short.code, memory.code) == (2, 78)
