"""Every claimed job is counted out exactly once, by how it ended."""

import asyncio

import pytest
from tests.services.service_fakes import until

from retrato.domain.errors import ChainExhaustedError, OutOfCreditError, RefusedError, StorageError, StoreAwayError
from retrato.domain.faults import Fault
from retrato.metrics.jobs import OTHER_FAULTS, End
from retrato.supervise import supervise

JOBS = 6


@pytest.fixture
def ended(numbers):
    """How many jobs have left the replica's hands, by how."""

    def read():
        return numbers.by("jobs_total", "outcome")

    return read


async def _run(one, *names, stop_when, grace_s=10):
    """Run *one*'s services until *stop_when* is true."""
    stop = asyncio.Event()
    services = [getattr(one, name) for name in names]
    async with asyncio.TaskGroup() as group:
        group.create_task(supervise(services, stop=stop, limit_s=grace_s))
        await until(stop_when)
        stop.set()


async def _queue_is_empty(connection):
    return not await connection.fetchval("select exists (select from retrato.jobs where state <> 'failed')")


def _in_hand(numbers):
    return sum(numbers.by("jobs_in_progress", "stage").values())


async def test_written_avatars_are_counted_with_provider_time_and_size(
    replica, company, connection, numbers, ended
):
    await company(JOBS)

    await _run(replica(), "dispatcher", "keeper", stop_when=lambda: _queue_is_empty(connection))

    assert ended() == {"written": JOBS}
    assert numbers("jobs_claimed_total") == JOBS
    assert numbers("jobs_total", outcome="written", provider="fake") == JOBS
    assert numbers("job_duration_seconds_count", provider="fake") == JOBS
    assert numbers("job_wait_seconds_count") == JOBS
    assert numbers("storage_bytes_total") == JOBS * 6  # picture and thumbnail
    assert numbers("last_success_timestamp_seconds") > 1.6e9
    assert _in_hand(numbers) == 0


@pytest.mark.parametrize(
    ("error", "end", "fault"),
    [
        (StorageError("full"), "retried", "storage"),
        (StoreAwayError("gone"), "released", "storage"),
        (RefusedError("no", leg="fake/one"), "failed", "refused"),
        (ValueError("nobody foresaw this"), "retried", "unexpected"),
        (ChainExhaustedError([OutOfCreditError("empty", leg="fake/one")], retry_after_s=60), "released", None),
    ],
    ids=["storage", "store-away", "refused", "unexpected", "nobody-can-draw"],
)
async def test_failed_runs_are_counted_by_end_and_fault(replica, company, numbers, ended, error, end, fault):
    await company(1)
    one = replica()
    one.pipeline.errors = [error]

    await _run(one, "dispatcher", "keeper", stop_when=ended)

    assert ended() == {end: 1}
    assert numbers.by("job_faults_total", "fault") == ({fault: 1} if fault else {})


async def test_nothing_to_draw_is_a_drop(replica, company, connection, ended):
    await company(1)
    one = replica()
    one.pipeline.gone = True
    await connection.execute("update personas set status = 'inactive'")

    await _run(one, "dispatcher", "keeper", stop_when=ended)

    assert ended() == {"dropped": 1}


async def test_refused_write_back_is_a_failure_with_its_own_fault(replica, company, numbers, ended):
    await company(1)
    one = replica(longest_refusal_s=0)
    one.avatars.refusals = {"write": 99}

    await _run(one, "dispatcher", "keeper", stop_when=ended)

    assert ended() == {"failed": 1}
    assert numbers("job_faults_total", fault="write_back") == 1


async def test_persona_deleted_meanwhile_is_unwanted(replica, company, connection, ended):
    await company(1)
    one = replica(beat_s=60)
    one.pipeline.gate.clear()

    async with asyncio.TaskGroup() as group:
        group.create_task(_run(one, "dispatcher", stop_when=ended))
        await until(lambda: one.pipeline.begun)
        await connection.execute("delete from personas")
        one.pipeline.gate.set()

    assert ended() == {"unwanted": 1}


async def test_picture_of_a_job_that_somebody_else_has_is_stale(replica, company, connection, ended):
    await company(1)
    one = replica(beat_s=60)
    one.pipeline.gate.clear()

    async with asyncio.TaskGroup() as group:
        group.create_task(_run(one, "dispatcher", stop_when=ended))
        await until(lambda: one.pipeline.begun)
        await connection.execute("update retrato.jobs set token = nextval('retrato.tokens')")
        one.pipeline.gate.set()

    assert ended() == {"stale": 1}


async def test_lost_lease_is_counted_once(replica, company, connection, ended, numbers):
    await company(1)
    one = replica()
    one.pipeline.gate.clear()

    async with asyncio.TaskGroup() as group:
        group.create_task(_run(one, "dispatcher", "keeper", stop_when=ended))
        await until(lambda: one.pipeline.begun)
        await connection.execute("update retrato.jobs set token = nextval('retrato.tokens')")

    assert ended() == {"lost": 1}
    assert numbers("jobs_claimed_total") == 1


async def test_jobs_in_hand_are_seen_and_handed_back_on_stop(replica, company, numbers, ended):
    await company(JOBS)
    one = replica(concurrency=2, grace_s=0.01)
    one.pipeline.gate.clear()

    async with asyncio.TaskGroup() as group:
        group.create_task(_run(one, "dispatcher", "keeper", stop_when=lambda: numbers("jobs_claimed_total") == 2))
        await until(lambda: len(one.pipeline.begun) == 2)
        drawing = numbers("jobs_in_progress", stage="drawing")

    assert drawing == 2
    assert ended() == {"released": 2}
    assert _in_hand(numbers) == 0


async def test_every_claimed_job_ends_once_whatever_happens(replica, company, connection, numbers, ended):
    await company(30)
    one = replica(most_attempts=1)
    one.pipeline.errors = [StorageError("full"), RefusedError("no", leg="fake/one"), ValueError("oh")] * 3
    one.jobs.outages = {"retry": 3, "claim": 2, "heartbeat": 2}
    one.avatars.outages = {"write": 3}
    one.avatars.lost_replies = {"write": 2}

    await _run(one, "dispatcher", "keeper", stop_when=lambda: _queue_is_empty(connection))

    assert sum(ended().values()) == numbers("jobs_claimed_total")
    assert ended() == {"written": 21, "failed": 9}
    assert numbers("database_errors_total", part="worker") == 8
    assert numbers("database_errors_total", part="dispatcher") == 2
    assert numbers("database_errors_total", part="keeper") == 2


async def test_take_over_counts_the_jobs_of_the_dead(replica, company, database, numbers):
    await company(2)
    dead = replica()
    await dead.keeper.beat()
    await dead.claim(2)
    await database.execute("update retrato.jobs set lease_until = now() - interval '1 s'")
    alive = replica()
    await asyncio.sleep(alive.silence_s * 2)

    await alive.keeper.beat()

    assert numbers("takeovers_total") == 2


def test_known_ends_and_faults_begin_at_zero(metrics, numbers):
    metrics.jobs.expect(["huggingface"])

    pictures = [numbers("jobs_total", outcome=end, provider="huggingface") for end in ("written", "stale")]
    others = [numbers("jobs_total", outcome=end, provider="none") for end in (End.RETRIED, End.LOST)]
    faults = [numbers("job_faults_total", fault=fault) for fault in (*Fault, *OTHER_FAULTS)]
    assert set(pictures + others + faults) == {0}
