"""What docs/adopting.md says about rights works, for owners who may create roles and for others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, blocks, section
from tests.store.support import connected

from retrato.embedded.binaries import choose_binaries
from retrato.store import migrations, sample

WITH, WITHOUT = blocks(section((ROOT / "docs/adopting.md").read_text(), "## Rights"), "sh")
AS_OWNER = {"yes": WITH, "no": WITHOUT}


@pytest.fixture
async def urls(bare_dsn, postgres):
    """The application's database, its owner's and an administrator's address, and both roles gone afterwards."""
    async with connected(bare_dsn) as admin:
        name = await admin.fetchval("select current_database()")

        async def owned_by(creates):
            await admin.execute(f"create role app_owner login {creates} password 'owner'")
            await admin.execute(
                f"grant create on database {name} to app_owner; grant create on schema public to app_owner"
            )
            return re.sub(r"//[^@]+@", "//app_owner:owner@", bare_dsn)

        yield owned_by
        for role in ("retrato_daemon", "retrato_backlog", "app_owner"):
            if await admin.fetchval("select count(*) from pg_roles where rolname = $1", role):
                await admin.execute(f"drop owned by {role} cascade; drop role {role}")


def run(script, folder, **environ):
    """The commands as somebody types them, with the first that fails the last."""
    programs = choose_binaries(prefer="bundled", major=None).folder
    path = f"{Path(sys.executable).parent}:{programs}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-ec", script],
        check=False,
        cwd=folder,
        env={"PATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("may_create_roles", AS_OWNER)
@pytest.mark.parametrize("role", ["retrato_daemon", "retrato_backlog"])
async def test_commands_make_the_role(urls, bare_dsn, tmp_path, may_create_roles, role):
    owners = await urls("createrole" if may_create_roles == "yes" else "nocreaterole")
    await sample.create_host_tables(owners)
    await migrations.apply(owners)
    script = AS_OWNER[may_create_roles]
    if role == "retrato_backlog":
        script = script.replace("--roles retrato_daemon", "--backlog-role retrato_backlog").replace(
            "retrato_daemon", role
        )

    done = run(script, tmp_path, OWNERS_URL=owners, ADMINS_URL=bare_dsn, RETRATO_DATABASE_URL=owners)
    again = run(script.splitlines()[-2 if may_create_roles == "yes" else -1], tmp_path, OWNERS_URL=owners)

    assert (done.returncode, done.stderr) == (0, "")
    assert again.returncode == 0
    async with connected(bare_dsn, user=role, password="choose-one") as opened:
        assert await opened.fetchval("select jobs from retrato.backlog") == 0


async def test_owner_who_may_not_create_it_is_told_what_to_ask_for(urls, tmp_path):
    owners = await urls("nocreaterole")
    await sample.create_host_tables(owners)
    await migrations.apply(owners)
    script = "\n".join(WITH.splitlines()[:2])

    done = run(script, tmp_path, OWNERS_URL=owners, RETRATO_DATABASE_URL=owners)

    assert done.returncode != 0
    assert "let somebody with CREATEROLE say: create role" in done.stderr
