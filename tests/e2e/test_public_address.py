"""Addresses follow RETRATO_PUBLIC_URL, and nothing is drawn for an address that leads nowhere."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

pytestmark = pytest.mark.timeout(240)  # real processes, on machines that have other work too

OLD, NEW = "https://old.example/faces", "https://new.example/faces"
THEIRS = "https://cdn.app.example/ana.jpg"
READY = "select count(*) = $1 from retrato.avatars"
REASON = "select last_error from retrato.jobs where persona_id = $1"
ADDRESSES = """
    select p.id::text, p.avatar_image_url, pa.avatar_url, pa.avatar_thumbnail_url, pa.avatar_local_path
    from personas p
    join personas_avatares pa on pa.persona_id = p.id
    order by p.persona_code
"""


@asynccontextmanager
async def stranger():
    """Somebody else's server, which answers 404; yields its port."""

    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def drawn(shell, empresa, insert, *names, **settings):
    for name in names:
        await insert(name)
    done = await shell.run("generate", "--empresa-id", empresa, **settings)
    assert done.code == 0, done.err


async def get(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.read()


async def test_changed_prefix_is_followed_by_restore_view_and_readdress(shell, connection, empresa, insert):
    await drawn(shell, empresa, insert, "Ana", "Bia", RETRATO_PUBLIC_URL=OLD)
    persona_id = await connection.fetchval("select id::text from personas where full_name = 'Ana'")
    shell.env["RETRATO_PUBLIC_URL"] = f"{NEW}/"

    planned = await shell.run("readdress", "--plan", "--json")
    before = await connection.fetch(ADDRESSES)
    doctor = await shell.run("doctor", "addresses")
    restored = await shell.run("restore", persona_id, "1")
    shown = await connection.fetch("select avatar_url, thumbnail_url from retrato.persona_status")
    jobs, versions = await connection.fetchrow(
        "select (select count(*) from retrato.jobs), (select count(*) from retrato.avatars)"
    )
    done = await shell.run("readdress", "--json")
    after = await connection.fetch(ADDRESSES)
    again = await shell.run("readdress", "--json")

    assert planned.json() == {"to": NEW, "from": {OLD: 4}, "rows": 4}
    assert all(address.startswith(OLD) for row in before for address in list(row)[1:])
    assert "4 rows" in doctor.out
    assert "retrato readdress" in doctor.out
    assert restored.code == 0
    assert all(address.startswith(f"{NEW}/") for row in shown for address in row)
    assert (done.code, done.json()["rewritten"], done.json()["left"]) == (0, 2, 0)
    assert all(address.startswith(f"{NEW}/") for row in after for address in list(row)[1:])
    assert [[a.removeprefix(OLD) for a in list(row)[1:]] for row in before] == [
        [a.removeprefix(NEW) for a in list(row)[1:]] for row in after
    ]
    assert again.json()["rewritten"] == 0
    assert await connection.fetchrow(
        "select (select count(*) from retrato.jobs), (select count(*) from retrato.avatars)"
    ) == (jobs, versions)


async def test_applications_own_picture_is_left_alone(shell, connection, empresa, insert):
    await drawn(shell, empresa, insert, "Ana", RETRATO_PUBLIC_URL=OLD)
    theirs = f"https://img.example/plain/{await connection.fetchval('select avatar_image_url from personas')}"
    await connection.execute("update personas set avatar_image_url = $1", THEIRS)
    await connection.execute(
        "update personas_avatares set avatar_url = $1, avatar_local_path = $2", theirs, THEIRS
    )

    done = await shell.run("readdress", RETRATO_PUBLIC_URL=NEW)

    row = await connection.fetchrow(ADDRESSES)
    assert done.code == 0
    assert (row["avatar_image_url"], row["avatar_url"], row["avatar_local_path"]) == (THEIRS, theirs, THEIRS)
    assert row["avatar_thumbnail_url"].startswith(NEW)


async def test_readdress_without_any_address_is_a_wrong_setting(shell):
    done = await shell.run("readdress")

    assert done.code == 78
    assert "RETRATO_PUBLIC_URL" in done.err


async def test_nothing_is_drawn_while_a_stranger_has_the_port_and_all_goes_on_when_it_is_free(
    shell, connection, simulator, insert, until
):
    persona_id = await insert("Ana", avatar_image_url="https://working.example/ana.jpg", regenerate_avatar=True)
    async with stranger() as port:
        shell.env["RETRATO_CONSOLE_PORT"] = str(port)
        async with shell.daemon(RETRATO_METRICS_PORT="0") as daemon:
            unknown = await daemon.said("address.unknown")
            probes = (await daemon.said("console.not_started"))["event"]
            reason = await until(REASON, persona_id)
            status = await shell.run("status")
            doctor = await shell.run("doctor", "public-url")
            calls = await connection.fetchval("select count(*) from retrato.attempts")
            kept = await connection.fetchval("select avatar_image_url from personas")

    async with shell.daemon():
        await until(READY, 1)
    address = await connection.fetchval("select avatar_image_url from personas")

    assert "no public address" in reason
    assert "RETRATO_PUBLIC_URL" in reason
    assert str(port) in reason
    assert unknown["reason"] == reason
    assert probes
    assert "no public address" in status.out
    assert doctor.code == 1
    assert "nothing is drawn" in doctor.out
    assert (calls, kept) == (0, "https://working.example/ana.jpg")
    assert address.startswith(f"http://127.0.0.1:{port}/avatars/")


async def test_public_url_goes_on_without_the_console(shell, connection, insert, until):
    await insert("Ana")
    async with stranger() as port, shell.daemon(RETRATO_CONSOLE_PORT=str(port), RETRATO_PUBLIC_URL=NEW):
        await until(READY, 1)

    assert (await connection.fetchval("select avatar_image_url from personas")).startswith(f"{NEW}/")


async def test_second_replica_on_the_machine_draws_for_the_address_that_the_first_serves(
    shell, connection, insert, until
):
    async with stranger() as port:
        pass
    shell.env["RETRATO_CONSOLE_PORT"] = str(port)
    async with shell.daemon() as first:
        await first.said("daemon.started")
        async with shell.daemon("--no-console") as second:
            known = await second.said("address.known")
            await insert("Ana")
            await until(READY, 1)
        status, _ = await get(await connection.fetchval("select avatar_image_url from personas"))

    assert known["public_url"] == f"http://127.0.0.1:{port}/avatars"
    assert status == 200


async def test_without_the_console_nobody_serves_the_pictures_and_readyz_says_so(shell, connection, insert, until):
    persona_id = await insert("Ana")
    async with shell.daemon("--no-console") as daemon:
        started = await daemon.said("console.started")
        reason = await until(REASON, persona_id)
        status, body = await get(started["url"] + "/readyz")
        alive, _ = await get(started["url"] + "/healthz")

    assert "RETRATO_PUBLIC_URL" in reason
    assert status == 503
    assert b"no public address" in body
    assert alive == 200
    assert await connection.fetchval("select count(*) from retrato.attempts") == 0


async def test_generate_orders_nothing_where_a_stranger_has_the_port(shell, connection, empresa, insert):
    await insert("Ana")
    before = await connection.fetchval("select count(*) from retrato.jobs")
    async with stranger() as port:
        done = await shell.run("generate", "--empresa-id", empresa, "--force", RETRATO_CONSOLE_PORT=str(port))

    assert done.code == 78
    assert "RETRATO_PUBLIC_URL" in done.err
    assert str(port) in done.err
    assert await connection.fetchval("select count(*) from retrato.attempts") == 0
    assert await connection.fetchval("select count(*) from retrato.jobs") == before


async def test_read_only_console_serves_pictures(shell, connection, insert, until):
    await insert("Ana")
    async with shell.daemon(RETRATO_CONSOLE_READ_ONLY="true"):
        await until(READY, 1)
        status, _ = await get(await connection.fetchval("select avatar_image_url from personas"))

    assert status == 200


async def test_demo_takes_another_port_where_a_stranger_has_its_own(shell):
    async with stranger() as port:
        done = await shell.run(
            "demo", "--once", "--personas", "2", "--pace", "0", RETRATO_CONSOLE_PORT=str(port), timeout_s=180
        )

    assert done.code == 0, done.err
    assert "2 of 2 have their avatar" in done.err


async def test_plan_of_migrating_says_which_ready_when_fits(shell, connection, empresa, insert):
    await insert("Ana")

    done = await shell.run("migrate", "--plan")

    told = " ".join(done.out.split())  # lines are wrapped
    assert "0 of 1 personas have a ready prompt" in told
    assert "RETRATO_READY_WHEN=name fits" in told
