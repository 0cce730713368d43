"""The reply to COMMIT is lost: an order that changes something is asked after, and carried out once."""

import asyncio
import os
import signal
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.store.support import BID, claim_one, connected, finished_for, job_of, until
from tests.system.proxy import Proxy, Way

from retrato.domain.errors import RowLockedError, StoreUnavailableError, UnknownCommitError
from retrato.embedded.server import EmbeddedPostgres
from retrato.store.attempts import AttemptLog
from retrato.store.control import Control, Scope
from retrato.store.database import Database
from retrato.store.queries import query
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


@asynccontextmanager
async def answer_lost(proxy, statement):
    """What is done in this block is committed, and its answer never arrives."""
    lost = proxy.lose_commit(statement)
    yield
    assert lost.is_set()


async def generations(app):
    rows = await app.connection.fetch("select persona_id, generation from retrato.jobs")
    return {row["persona_id"]: row["generation"] for row in rows}


async def test_found_flag_is_one_generation(app, proxy, far):
    persona_id = await app.insert()

    async with answer_lost(proxy, "retrato.request_in_lane("):
        enqueued = await Requests(far).for_found([persona_id], Wish.ALL)

    assert enqueued == 1
    assert await generations(app) == {persona_id: 2}


async def test_what_was_retried_is_counted(app, jobs, proxy, far):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="no")

    async with answer_lost(proxy, "state = 'failed'"):
        enqueued = await Requests(far).for_personas([persona_id], Wish.FAILED)

    assert enqueued == 1
    assert (await job_of(app.connection, persona_id))["state"] == "queued"


async def test_pause_and_resume_tell_what_they_did(app, proxy, far):
    control = Control(far)

    async with answer_lost(proxy, "retrato.pause("):
        paused = await control.pause(Scope.EMPRESA, app.empresa_id)
    async with answer_lost(proxy, "retrato.resume("):
        resumed = await control.resume(Scope.EMPRESA, app.empresa_id)

    assert (paused, resumed) == (True, True)
    assert await control.pauses() == []


async def test_call_whose_attempt_is_written_is_made(app, jobs, proxy, far):
    await app.insert()
    job = await claim_one(jobs)

    async with answer_lost(proxy, "insert into retrato.attempts"):
        attempt_id = await AttemptLog(far).begin(job, BID)

    assert await app.connection.fetch("select id, state from retrato.attempts") == [(attempt_id, "sending")]


@pytest.mark.parametrize("cut_at_byte", [0, 5])
async def test_commit_that_did_not_arrive_is_known_to_be_undone(app, proxy, far, cut_at_byte):
    persona_id = await app.insert()

    async def order():
        async with far.transaction() as connection:
            await connection.fetchval("select retrato.request($1::text[], true)", [persona_id])
            proxy.cut_after(cut_at_byte, Way.TO_SERVER)

    with pytest.raises(StoreUnavailableError, match="nothing was written") as failed:
        await order()

    assert not isinstance(failed.value, UnknownCommitError)
    assert await generations(app) == {persona_id: 1}


async def test_after_a_crash_nobody_can_tell_whether_a_number_is_still_the_same_transaction():
    with tempfile.TemporaryDirectory(prefix="retrato-crash-") as folder, EmbeddedPostgres(Path(folder)) as server:
        async with connected(server.dsn) as crashing, crashing.transaction():
            await crashing.execute("create table proof ()")
            number = await crashing.fetchval("select pg_current_xact_id()::text")
            begun_at = await crashing.fetchval("select now()")
        before = await _is_committed(server, number, begun_at)
        async with connected(server.dsn) as crashing:
            os.kill(await crashing.fetchval("select pg_backend_pid()"), signal.SIGKILL)
        after = await until(lambda: _is_committed_or_away(server, number, begun_at))

    assert (before, after) == ([True], [None])


async def _is_committed(server, number, begun_at):
    async with connected(server.dsn) as connection:
        return [await connection.fetchval(query("find_commit"), number, begun_at)]


async def _is_committed_or_away(server, number, begun_at):
    """The answer in a list; None while the server is still there, or not there again."""
    try:
        answer = await _is_committed(server, number, begun_at)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    return None if answer == [True] else answer


async def test_server_that_does_not_answer_at_all_has_done_nothing(app, proxy, far):
    persona_id = await app.insert()
    proxy.refuse()
    proxy.drop()

    with pytest.raises(StoreUnavailableError) as refused:
        await Requests(far).for_personas([persona_id], Wish.ALL)

    assert not isinstance(refused.value, UnknownCommitError)
    assert await generations(app) == {persona_id: 1}
