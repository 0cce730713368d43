"""Addresses are built from keys with today's prefix; rows with an older one are rewritten, and nothing else is."""

import asyncio

import pytest
from tests.store.support import claim_all, claim_one, connected, finished_for, queued

from retrato.domain.errors import ConfigError
from retrato.services.readdresser import Readdresser
from retrato.store.addresses import Addresses
from retrato.store.avatars import Outcome
from retrato.store.host import Host
from retrato.store.versions import Versions

OLD, NEWER, TODAY = "https://old.example", "https://old.example/faces", "https://today.example/avatars"
HASH = "0123456789abcdef"
PLACEHOLDER = "https://api.dicebear.com/7.x/avataaars/svg?seed=Ana"


@pytest.fixture
async def addresses(database):
    async with database.connection() as connection:
        host = await Host.read(connection)
    return Addresses(database, host)


@pytest.fixture
def versions(database):
    return Versions(database)


@pytest.fixture
def readdresser(addresses):
    return Readdresser(addresses, TODAY, rows_at_once=3, pause_s=0, longest_wait_s=0.01)


def at(prefix, job, *, version=1):
    """What a write-back with *prefix* writes for *job*."""
    key = f"e/{job.persona_id}/v{version}-{job.token}-{HASH}"
    return {
        "version": version,
        "image_key": f"{key}.jpg",
        "thumbnail_key": f"{key}_thumb.jpg",
        "image_url": f"{prefix}/{key}.jpg",
        "thumbnail_url": f"{prefix}/{key}_thumb.jpg",
    }


@pytest.fixture
def draw(jobs, avatars):
    """Draws all that is queued with addresses of *prefix*; returns persona → what was written."""

    async def draw(prefix=OLD, **more):
        written = [finished_for(job, **at(prefix, job, **more)) for job in await claim_all(jobs)]
        for one in written:
            assert await avatars.write(one) is Outcome.WRITTEN
        return {one.persona_id: one for one in written}

    return draw


async def held(connection):
    rows = await connection.fetch(
        "select p.avatar_image_url, pa.avatar_url, pa.avatar_local_path, pa.avatar_thumbnail_url, "
        "pa.avatar_thumbnail_local_path from personas p join personas_avatares pa on pa.persona_id = p.id"
    )
    return [address for row in rows for address in row]


async def test_todays_prefix_is_the_one_that_was_kept_last(addresses):
    assert await addresses.today() is None

    for prefix in (OLD, TODAY, OLD, OLD):
        await addresses.keep(prefix)

    assert await addresses.today() == OLD
    assert await addresses.old_prefixes(OLD) == [TODAY]


async def test_all_addresses_follow_and_nothing_else_changes(app, addresses, readdresser, draw, bell):
    await app.insert_many(20)
    await draw()
    before = await app.connection.fetch("select id, avatar_image_generated_at, regenerate_avatar from personas")
    metadata = await app.connection.fetch("select id, metadados, servico_usado from personas_avatares order by id")
    await bell.rings()

    planned = await readdresser.plan()
    done, left = await readdresser.run()

    assert (planned, done, left) == ({OLD: 40}, 40, 0)
    assert all(address.startswith(f"{TODAY}/e/") for address in await held(app.connection))
    assert sorted(before) == sorted(
        await app.connection.fetch("select id, avatar_image_generated_at, regenerate_avatar from personas")
    )
    assert metadata == await app.connection.fetch(
        "select id, metadados, servico_usado from personas_avatares order by id"
    )
    assert await queued(app.connection) == []
    assert await app.connection.fetchval("select count(*) from retrato.avatars") == 20
    assert await bell.rings() == 0
    assert await readdresser.plan() == {}


async def test_prefix_that_another_one_begins_with_is_told_apart(app, addresses, draw):
    await app.insert()
    [written] = (await draw(NEWER)).values()
    await addresses.keep(OLD)

    await Readdresser(addresses, TODAY).run()

    assert set(await held(app.connection)) == {
        f"{TODAY}/{written.image_key}",
        f"{TODAY}/{written.thumbnail_key}",
    }


async def test_what_an_application_added_to_an_address_stays(app, readdresser, draw):
    persona_id = await app.insert()
    written = (await draw())[persona_id]
    await app.update(persona_id, avatar_image_url=f"{written.image_url}?v=7")

    await readdresser.run()

    assert (await app.persona(persona_id))["avatar_image_url"] == f"{TODAY}/{written.image_key}?v=7"


@pytest.mark.parametrize(
    "theirs", ["https://cdn.app.example/ana.jpg", f"{OLD}/logo.png", f"https://proxy.example/{OLD}/", "", None]
)
async def test_other_addresses_are_left_alone(app, readdresser, draw, theirs):
    persona_id = await app.insert()
    await draw()
    await app.update(persona_id, avatar_image_url=theirs)

    await readdresser.run()

    assert (await app.persona(persona_id))["avatar_image_url"] == theirs


async def test_rows_that_an_application_holds_are_waited_for_and_then_told(app, dsn, readdresser, draw):
    persona_ids = await app.insert_many(5)
    await draw()
    async with connected(dsn) as other, other.transaction():
        await other.execute("select from personas where id = $1::text::uuid for update", persona_ids[0])

        done, left = await readdresser.run()

    again = await readdresser.run()
    assert (done, left) == (9, 1)
    assert again == (1, 0)


async def test_it_goes_on_where_it_was_ended_and_two_may_run_at_once(app, addresses, readdresser, draw):
    await app.insert_many(30)
    await draw()
    first = asyncio.create_task(readdresser.run())
    await asyncio.sleep(0.03)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    done = await asyncio.gather(readdresser.run(), Readdresser(addresses, TODAY, rows_at_once=2, pause_s=0).run())

    assert [left for _, left in done] == [0, 0]
    assert all(address.startswith(TODAY) for address in await held(app.connection))


@pytest.fixture
async def refused(connection):
    """The application takes no address of today."""
    await connection.execute(
        f"alter table personas add constraint refused check (avatar_image_url not like '{TODAY}%')"
    )
    yield
    await connection.execute("alter table personas drop constraint refused")


@pytest.mark.usefixtures("refused")
async def test_table_that_does_not_take_an_address_is_told_and_keeps_what_it_has(app, readdresser, draw):
    persona_id = await app.insert()
    written = (await draw())[persona_id]

    with pytest.raises(ConfigError, match="does not take the addresses"):
        await readdresser.run()

    assert (await app.persona(persona_id))["avatar_image_url"] == written.image_url


async def test_view_and_restore_give_todays_address(app, addresses, versions, draw):
    persona_id = await app.insert()
    first = (await draw())[persona_id]
    await app.raise_flag(persona_id)
    second = (await draw(version=2))[persona_id]
    await addresses.keep(TODAY)

    shown = await app.connection.fetchrow("select avatar_url, thumbnail_url from retrato.persona_status")
    await versions.restore(persona_id, 1)

    assert tuple(shown) == (f"{TODAY}/{second.image_key}", f"{TODAY}/{second.thumbnail_key}")
    assert set(await held(app.connection)) == {f"{TODAY}/{first.image_key}", f"{TODAY}/{first.thumbnail_key}"}
    assert [one.image_url.partition("/e/")[0] for one in await versions.list(persona_id)] == [TODAY] * 3


async def test_picture_whose_address_was_not_built_from_its_key_keeps_it(app, jobs, avatars, addresses):
    await app.insert()
    written = finished_for(await claim_one(jobs))
    await avatars.write(written)
    await addresses.keep(TODAY)

    shown = await app.connection.fetchval("select avatar_url from retrato.persona_status")

    assert shown == written.image_url


async def test_covered_picture_comes_back_under_todays_address(app, addresses, draw):
    persona_id = await app.insert()
    written = (await draw())[persona_id]
    await addresses.keep(TODAY)

    await app.update(persona_id, avatar_image_url=PLACEHOLDER)
    await app.connection.execute("update personas_avatares set avatar_url = $1", PLACEHOLDER)

    assert (await app.persona(persona_id))["avatar_image_url"] == f"{TODAY}/{written.image_key}"
    assert (
        await app.connection.fetchval("select avatar_url from personas_avatares") == f"{TODAY}/{written.image_key}"
    )


async def test_old_copy_of_a_row_does_not_bring_an_old_address_back(app, addresses, readdresser, draw):
    persona_id = await app.insert()
    first = (await draw())[persona_id]
    stale = await app.persona(persona_id)
    await app.raise_flag(persona_id)
    second = (await draw(version=2))[persona_id]
    await addresses.keep(TODAY)
    await readdresser.run()

    await app.update(
        persona_id,
        avatar_image_url=first.image_url,
        avatar_image_generated_at=stale["avatar_image_generated_at"],
    )

    assert (await app.persona(persona_id))["avatar_image_url"] == f"{TODAY}/{second.image_key}"
