"""Executar and Forçar, as people and applications ask for them."""

import pytest
from tests.store.support import claim_one, finished_for, job_of, queued

from retrato.domain.errors import NotFoundError
from retrato.store.requests import Requests, Wish


@pytest.fixture
def requests(database):
    return Requests(database)


@pytest.fixture
async def company(app, jobs, avatars):
    """One persona for each state but running: name of the state → id."""
    names = ("ready", "failed", "retrying", "queued", "missing")
    ids = dict(zip(names, await app.insert_many(len(names)), strict=True))
    await avatars.write(finished_for(await claim_one(jobs)))
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="no")
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="HTTP 500")
    await app.connection.execute("delete from retrato.jobs where persona_id = $1", ids["missing"])
    ids["waiting"] = await app.insert("[A GERAR]")
    return ids


async def generations(app):
    rows = await app.connection.fetch("select persona_id, generation from retrato.jobs where state <> 'failed'")
    return {row["persona_id"]: row["generation"] for row in rows}


async def test_executar_asks_for_what_is_missing_or_failed(app, company, requests):
    enqueued = await requests.for_company(app.empresa_id, Wish.MISSING)

    assert enqueued == 2
    assert await generations(app) == {company[name]: 1 for name in ("failed", "retrying", "queued", "missing")}


async def test_executar_twice_enqueues_nothing_more(app, company, requests):
    await requests.for_company(app.empresa_id, Wish.MISSING)

    assert await requests.for_company(app.empresa_id, Wish.MISSING) == 0


async def test_forcar_asks_for_everybody_who_is_ready_to_be_drawn(app, company, requests):
    enqueued = await requests.for_company(app.empresa_id, Wish.ALL)

    assert enqueued == 5
    assert await generations(app) == {
        company["ready"]: 1,
        company["failed"]: 2,
        company["retrying"]: 2,
        company["queued"]: 2,
        company["missing"]: 1,
    }


async def test_once_more_asks_only_for_what_has_failed(app, company, requests):
    enqueued = await requests.for_company(app.empresa_id, Wish.FAILED)

    assert enqueued == 1
    assert (await job_of(app.connection, company["failed"]))["state"] == "queued"
    assert await job_of(app.connection, company["missing"]) is None


async def test_what_was_asked_for_anew_has_all_its_attempts_and_no_old_error(app, company, requests):
    await requests.for_personas([company["failed"]], Wish.MISSING)

    job = await job_of(app.connection, company["failed"])
    assert (job["attempts"], job["last_fault"], job["last_error"]) == (0, None, None)


async def test_only_the_named_personas_are_asked_for(app, company, requests):
    named = [company["failed"], company["ready"], company["waiting"]]

    assert await requests.for_personas(named, Wish.MISSING) == 1
    assert await requests.for_personas(named, Wish.FAILED) == 0
    assert await requests.for_personas(named, Wish.ALL) == 2


async def test_other_companies_are_left_alone(app, requests):
    other = await app.insert_company()
    await app.insert_many(2, empresa_id=other)
    await app.connection.execute("delete from retrato.jobs")

    enqueued = await requests.for_company(app.empresa_id, Wish.ALL)

    assert enqueued == 0
    assert await queued(app.connection) == []


async def test_unknown_ids_enqueue_nothing(requests):
    unknown = "00000000-0000-4000-8000-000000000000"

    assert await requests.for_personas([unknown], Wish.ALL) == 0
    assert await requests.for_company(unknown, Wish.ALL) == 0
    assert await requests.for_company("no uuid at all", Wish.MISSING) == 0
    assert await requests.for_personas([], Wish.ALL) == 0


async def test_malformed_persona_id_is_said_as_such(requests):
    with pytest.raises(NotFoundError, match="no uuid at all"):
        await requests.for_personas(["no uuid at all"], Wish.ALL)


async def test_few_personas_go_before_bulk_work_and_a_whole_company_does_not(app, requests):
    persona_ids = await app.insert_many(8)
    await app.connection.execute("delete from retrato.jobs")

    await requests.for_personas(persona_ids[:2], Wish.MISSING)
    await requests.for_company(app.empresa_id, Wish.MISSING)

    lanes = await app.connection.fetch("select lane, count(*) from retrato.jobs group by lane order by lane")
    assert [tuple(row) for row in lanes] == [(0, 2), (1, 6)]
