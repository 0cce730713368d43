"""Claims go round the companies, and urgent work goes first without starving bulk work."""

import pytest
from tests.store.support import new_replica

PACE_S = 3600.0


@pytest.fixture(params=[0.0, PACE_S], ids=["without a pace", "with a pace"])
def claim_next(request, app, jobs):
    """Claims one job; with a pace, when its turn has come."""

    async def claim():
        await app.connection.execute("update retrato.pace set next_at = 'epoch'")
        [job] = (await jobs.claim(1, pace_s=request.param)).jobs
        return job

    return claim


async def test_small_companies_wait_one_round_behind_a_large_one(app, claim_next):
    await app.insert_many(1000)
    small = [await app.insert(empresa_id=await app.insert_company()) for _ in range(20)]

    first_round = [(await claim_next()).persona_id for _ in range(21)]

    assert set(small) <= set(first_round)


async def test_company_that_comes_later_waits_one_round(app, claim_next):
    for _ in range(4):
        await app.insert_many(20, empresa_id=await app.insert_company())
    for _ in range(10):
        await claim_next()
    later = await app.insert(empresa_id=await app.insert_company())

    next_round = [(await claim_next()).persona_id for _ in range(5)]

    assert later in next_round


async def test_every_fourth_job_is_bulk_work_while_there_is_urgent_work(app, claim_next):
    for _ in range(4):
        await app.insert_many(5, empresa_id=await app.insert_company())
    await app.connection.execute("update personas set regenerate_avatar = true")
    bulk = await app.insert_many(5)

    served = [(await claim_next()).persona_id in bulk for _ in range(8)]

    assert served == [False, False, False, True, False, False, False, True]


async def test_urgent_work_of_one_company_does_not_favour_others_in_bulk_work(app, claim_next):
    companies = [await app.insert_company() for _ in range(4)]
    for empresa_id in companies:
        await app.insert_many(5, empresa_id=empresa_id)
    urgent = max(companies)
    bulk = []

    for _ in range(16):
        await app.connection.execute("update retrato.jobs set lane = 0 where empresa_id = $1", urgent)
        await app.insert(empresa_id=urgent, regenerate_avatar=True)
        bulk.append((await claim_next()).empresa_id)

    assert set(companies) == set(bulk)


async def test_batch_takes_the_same_share_of_every_company(app, jobs):
    companies = [await app.insert_company() for _ in range(3)]
    for empresa_id in companies:
        await app.insert_many(10, empresa_id=empresa_id)

    batch = (await jobs.claim(6, pace_s=0)).jobs

    assert [job.empresa_id for job in batch] == companies * 2


async def test_batch_takes_urgent_work_before_bulk_work(app, jobs):
    await app.insert_many(3, empresa_id=await app.insert_company())
    urgent = await app.insert_many(3)
    await app.connection.execute(
        "update personas set regenerate_avatar = true where empresa_id = $1", app.empresa_id
    )

    batch = (await jobs.claim(4, pace_s=0)).jobs

    assert [job.persona_id for job in batch][:3] == urgent


async def test_batches_go_on_behind_the_company_served_last(app, jobs):
    companies = sorted([await app.insert_company() for _ in range(9)])
    for empresa_id in companies:
        await app.insert_many(2, empresa_id=empresa_id)

    served = [job.empresa_id for _ in range(3) for job in (await jobs.claim(4, pace_s=0)).jobs]

    assert served == [*companies, *companies[:3]]


async def test_replicas_with_a_pace_go_round_together(app, database):
    companies = sorted([await app.insert_company() for _ in range(4)])
    for empresa_id in companies:
        await app.insert_many(2, empresa_id=empresa_id)
    served = []

    for replica in (new_replica(database), new_replica(database)) * 2:
        await app.connection.execute("update retrato.pace set next_at = 'epoch'")
        served += [job.empresa_id for job in (await replica.claim(1, pace_s=PACE_S)).jobs]

    assert served == companies
