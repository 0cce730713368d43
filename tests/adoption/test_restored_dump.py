"""The application's own dump is restored beside Retrato, as docs/adopting.md tells it."""

import asyncio
import subprocess

import pytest
from tests.adoption.hosts import A, C
from tests.adoption.places import opened
from tests.adoption.variants import case
from tests.store.support import connected

from retrato.embedded.binaries import choose_binaries
from retrato.store import detaching, migrations


@pytest.fixture(params=[case(A), case(C)])
def host(request):
    return request.param


async def run(program, *arguments):
    folder = choose_binaries(prefer="bundled", major=None).folder
    return await asyncio.to_thread(
        subprocess.run, [folder / program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "is_from_before", [True, False], ids=["dumped before Retrato came", "dumped beside Retrato"]
)
async def test_restored_rows_are_there_once_and_are_drawn_again(bare, host, tmp_path, is_from_before):
    dump = tmp_path / "application.dump"
    arguments = ("pg_dump", "--format=custom", "--schema=public", f"--file={dump}", bare.dsn)
    async with connected(bare.dsn) as owner:
        company = await owner.fetchval(host.insert_company, "ARVA")
        persona_id = await owner.fetchval(host.insert_persona, company, "Ana")
    before = await run(*arguments) if is_from_before else None
    await migrations.apply(bare.dsn, host.mapping)
    dumped = before or await run(*arguments)

    await detaching.detach(bare.dsn)
    restored = await run(
        "pg_restore", "--clean", "--if-exists", "--single-transaction", "--no-owner", f"--dbname={bare.dsn}", dump
    )
    await migrations.apply(bare.dsn, host.mapping)

    assert (dumped.returncode, restored.returncode, restored.stderr) == (0, 0, "")
    async with connected(bare.dsn) as owner:
        assert await owner.fetchval(f"select count(*) from {host.people} where id::text = $1", persona_id) == 1
        assert await migrations.what_is_missing(owner, host.mapping) == []
    async with opened(host, bare) as place:
        fresh = await place.insert("Bia")
        assert await place.state(fresh) == "queued"
