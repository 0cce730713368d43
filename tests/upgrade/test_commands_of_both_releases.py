"""Commands of a release on the schema of the next one."""

import pytest
from tests.store.snapshot import describe
from tests.system.application import EMPRESA

pytestmark = pytest.mark.timeout(180)


async def test_commands_of_the_older_release_work_on_the_newer_schema(dsn, older, newer, application):
    (persona,) = await application.insert()
    migrated = await newer.run("migrate")

    runs = [
        await older.run(*words.split())
        for words in (
            "migrate --check",
            f"queue pause --empresa-id {EMPRESA}",
            f"queue resume --empresa-id {EMPRESA}",
            f"generate --empresa-id {EMPRESA}",
            f"restore {persona} 1",
            "status --json",
            "uninstall --yes",
        )
    ]

    assert migrated.code == 0, migrated.err
    assert [run.err for run in runs if run.code] == []
    status = runs[-2].json()
    assert status["total"]["ready"] == 1
    assert await application.value("select to_regnamespace('retrato') is null")


async def test_older_release_does_not_put_its_functions_in_the_place_of_newer_ones(dsn, older, newer):
    await newer.run("migrate")
    before = await describe(dsn)

    tried = await older.run("migrate")

    assert "triggers_sha256" in tried.err or "newer release" in tried.err
    assert await describe(dsn) == before
