"""The reply to COMMIT is lost: an order that changes something is asked after, and carried out once."""

import asyncio

import pytest
from tests.store.support import claim_one, finished_for
from tests.system.proxy import Proxy

from retrato.domain.errors import RowLockedError, UnknownCommitError
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.requests import Requests, Wish
from retrato.store.versions import Versions


@pytest.fixture
async def proxy(dsn):
    async with Proxy(dsn) as proxy:
        yield proxy


@pytest.fixture
async def far(proxy):
    """A database behind the proxy."""
    database = Database(proxy.dsn, timeout_s=5)
    await database.open()
    yield database
    await database.close()


async def generation(app, persona_id):
    return await app.connection.fetchval("select generation from retrato.jobs where persona_id = $1", persona_id)


@pytest.mark.parametrize("then_cut", [True, False])
async def test_forcar_for_personas_is_one_generation(app, far, proxy, then_cut):
    persona_id = await app.insert()
    before = await generation(app, persona_id)
    lost = proxy.lose_commit("retrato.request(", then_cut=then_cut)

    enqueued = await Requests(far).for_personas([persona_id], Wish.ALL)

    assert lost.is_set()
    assert enqueued == 1
    assert await generation(app, persona_id) == before + 1


async def test_forcar_for_a_company_is_one_generation_each(app, far, proxy):
    ids = await app.insert_many(3)
    lost = proxy.lose_commit("retrato.request_company(")

    enqueued = await Requests(far).for_company(app.empresa_id, Wish.ALL)

    assert lost.is_set()
    assert enqueued == 3
    assert [await generation(app, persona_id) for persona_id in ids] == [2, 2, 2]


async def test_executar_tells_how_many_it_has_enqueued(app, far, proxy):
    persona_id = await app.insert()
    await app.connection.execute("delete from retrato.jobs where persona_id = $1", persona_id)
    lost = proxy.lose_commit("retrato.request_company(")

    enqueued = await Requests(far).for_company(app.empresa_id, Wish.MISSING)

    assert lost.is_set()
    assert enqueued == 1


async def test_restore_is_one_version(app, far, proxy, jobs, avatars):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    lost = proxy.lose_commit("retrato.restore(")

    version = await Versions(far).restore(persona_id, 1)

    assert lost.is_set()
    assert version == 2
    assert [one.version for one in await Versions(far).list(persona_id)] == [2, 1]


async def test_cancel_tells_how_many_jobs_there_were(app, far, proxy):
    persona_id = await app.insert()
    lost = proxy.lose_commit("retrato.cancel(")

    cancelled = await Control(far).cancel_personas([persona_id])

    assert lost.is_set()
    assert cancelled == 1


async def test_order_whose_outcome_nobody_tells_is_not_repeated(app, far, proxy, monkeypatch):
    monkeypatch.setattr("retrato.store.database._TRIES_TO_LEARN", 2)
    persona_id = await app.insert()
    lost = proxy.lose_commit("retrato.request(")

    async def refuse():
        await lost.wait()
        proxy.refuse()
        proxy.drop()

    async with asyncio.TaskGroup() as group:
        group.create_task(refuse())
        with pytest.raises(UnknownCommitError, match="look before you repeat it"):
            await Requests(far).for_personas([persona_id], Wish.ALL)

    assert await generation(app, persona_id) == 2


async def test_connection_that_breaks_before_commit_is_repeated(app, far, proxy):
    persona_id = await app.insert()
    # The pool's connection is ended by the server: the next statement meets it.
    await app.connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and state = 'idle' "
        "and datname = current_database() and application_name = 'retrato'"
    )

    assert await Requests(far).for_personas([persona_id], Wish.ALL) == 1
    assert await generation(app, persona_id) == 2


async def test_row_that_an_application_holds_is_told_as_that(app, dsn, database, monkeypatch):
    monkeypatch.setattr("retrato.store.database._TRIES", 1)
    persona_id = await app.insert()
    await app.connection.execute("begin")
    await app.connection.execute("select from retrato.jobs where persona_id = $1 for update", persona_id)
    try:
        with pytest.raises(RowLockedError, match="another transaction holds a row"):
            await Requests(database).for_personas([persona_id], Wish.ALL)
    finally:
        await app.connection.execute("rollback")
