"""Looking, deciding and removing, with a real database and a real folder."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest
from tests.store.support import BID, Application, finished_for, new_replica

from retrato.domain.errors import LeaseLostError, NotFoundError, StorageError
from retrato.domain.job import Job
from retrato.services.collector import Collector
from retrato.storage.keys import picture_keys, thumbnail_of
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore, _probe_key
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars
from retrato.store.database import Database
from retrato.store.garbage import Garbage

SHA256 = "ab" * 32


def lost(number: int) -> str:
    """The key of a picture that nobody has ever heard of."""
    return f"acme/persona-{number}/v1-{900_000_000 + number}-0123456789abcdef.jpg"


async def put(store: PictureStore, image_key: str) -> None:
    await store.put(image_key, b"picture")
    await store.put(thumbnail_of(image_key), b"thumbnail")


async def stored(store: PictureStore) -> set[str]:
    return {found.key async for found in store.list()}


async def a_week_passes(app: Application) -> None:
    await app.connection.execute("update retrato.garbage set noted_at = noted_at - interval '7 days'")


@pytest.fixture(autouse=True)
async def drawn_before(app: Application) -> None:
    """So many pictures that the lost ones may be among them."""
    await app.connection.execute("select setval('retrato.tokens', 1000000000)")


@pytest.fixture
async def ours(collector: Collector) -> None:
    """The store is empty, so the first run makes it this database's."""
    assert (await collector.collect()).refusal is None


@pytest.fixture
async def written(app, jobs, avatars, store) -> str:
    """The key of a picture that is somebody's avatar."""
    await app.insert()
    job = (await jobs.claim(1, pace_s=0)).jobs[0]
    keys = picture_keys(
        empresa_id=job.empresa_id, persona_id=job.persona_id, version=1, token=job.token, sha256=SHA256
    )
    await put(store, keys.image)
    await avatars.write(finished_for(job, image_key=keys.image, thumbnail_key=keys.thumbnail))
    return keys.image


@pytest.mark.usefixtures("ours")
async def test_unnamed_picture_goes_after_the_grace_time_and_the_avatar_stays(app, collector, store, written):
    await put(store, lost(1))

    first = await collector.collect()
    await a_week_passes(app)
    second = await collector.collect()

    assert (first.pictures, first.unnamed, first.due, first.removed) == (2, 1, 0, 0)
    assert (second.due, second.removed) == (1, 1)
    assert await stored(store) == {written, thumbnail_of(written)}
    assert await app.connection.fetchval("select count(*) from retrato.garbage") == 0


@pytest.mark.usefixtures("ours")
async def test_empty_folders_go_too(app, collector, store, written, tmp_path: Path):
    await put(store, lost(1))
    await collector.collect()
    await a_week_passes(app)

    await collector.collect()

    assert [path.name for path in (tmp_path / "pictures").iterdir() if path.is_dir()] == [app.empresa_id]


@pytest.mark.usefixtures("ours")
async def test_lone_thumbnail_is_collected(app, collector, store, written):
    await store.put(thumbnail_of(lost(1)), b"thumbnail")
    await collector.collect()
    await a_week_passes(app)

    await collector.collect()

    assert await stored(store) == {written, thumbnail_of(written)}


@pytest.mark.usefixtures("ours")
async def test_picture_that_is_named_in_between_starts_anew(app, collector, garbage, store, written):
    await garbage.note({written: 1})
    await a_week_passes(app)

    await collector.collect()

    assert await app.connection.fetchval("select count(*) from retrato.garbage") == 0
    assert written in await stored(store)


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    "address", ["https://old.example/avatars/{key}", "/avatars/{thumbnail}", "https://cdn.example/p/{key}?w=64"]
)
async def test_picture_that_a_row_of_the_application_shows_stays(app, collector, store, written, address):
    await app.connection.execute("delete from personas")
    back = await app.insert()  # restored with its address, or a copy of another persona
    await app.connection.execute(
        "insert into personas_avatares (persona_id, avatar_thumbnail_url) values ($1::text::uuid, $2)",
        back,
        address.format(key=written, thumbnail=thumbnail_of(written)),
    )
    await collector.collect()
    await a_week_passes(app)

    report = await collector.collect()

    assert (report.due, report.removed) == (1, 0)
    assert await stored(store) == {written, thumbnail_of(written)}
    assert await app.connection.fetchval("select count(*) from retrato.garbage") == 0


@pytest.mark.usefixtures("ours")
async def test_dry_run_tells_and_changes_nothing(app, collector, store, written):
    await put(store, lost(1))
    await put(store, lost(2))

    first = await collector.collect(dry_run=True)
    noted = await app.connection.fetchval("select count(*) from retrato.garbage")
    await collector.collect()
    await a_week_passes(app)
    second = await collector.collect(dry_run=True)

    assert (first.unnamed, first.due, noted) == (2, 0, 0)
    assert (second.unnamed, second.due, second.removed) == (2, 2, 0)
    assert len(await stored(store)) == 6


@pytest.mark.usefixtures("ours")
async def test_objects_of_strangers_are_not_touched(app, collector, store, tmp_path: Path):
    for name in ("robots.txt", "acme/backup.tar", "acme/ana/v1-7-0123456789abcdef.jpg.bak"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("precious")
    before = await stored(store)
    await collector.collect()
    await a_week_passes(app)

    report = await collector.collect(agreed=True)

    assert report.strangers == 3
    assert await stored(store) == before


@pytest.mark.usefixtures("ours")
async def test_pictures_from_before_the_installation_are_left_alone(app, collector, store):
    await put(store, lost(1))
    await app.connection.execute("update retrato.installation set installed_at = now() + interval '1 minute'")

    report = await collector.collect()

    assert (report.older, report.unnamed) == (1, 0)


async def test_store_with_unknown_pictures_is_not_taken_unasked(app, collector, store, written):
    await put(store, lost(1))

    refused = await collector.collect()
    noted = await app.connection.fetchval("select count(*) from retrato.garbage")
    agreed = await collector.collect(agreed=True)
    after = await collector.collect()

    assert "nobody has said" in refused.refusal
    assert noted == 0
    assert (agreed.refusal, after.refusal) == (None, None)
    assert await store.owner() is not None


async def test_store_whose_pictures_are_all_known_needs_no_word(collector, store, written):
    assert (await collector.collect()).refusal is None
    assert await store.owner() is not None


@pytest.mark.usefixtures("ours")
async def test_store_of_another_database_is_refused(app, collector, store):
    await put(store, lost(1))
    await store.set_owner("another database")
    await app.connection.execute(
        "insert into retrato.garbage (image_key, token, noted_at, doomed_at) values ($1, 1, 'epoch', 'epoch')",
        lost(1),
    )

    report = await collector.collect()

    assert "another database" in report.refusal
    assert lost(1) in await stored(store)
    assert await store.owner() == "another database"


@pytest.mark.usefixtures("ours")
async def test_database_that_was_taken_back_to_an_older_state_is_refused(app, collector, store, written):
    """Or a copy of the server's files: only what came later tells it from the one that goes on."""
    await put(store, lost(1))
    await app.connection.execute("select setval('retrato.tokens', 500000000)")

    refused = await collector.collect()
    noted = await app.connection.fetchval("select count(*) from retrato.garbage")
    agreed = await collector.collect(agreed=True)
    await a_week_passes(app)
    after = await collector.collect()

    assert (refused.foreign, noted) == (1, 0)
    assert "restored" in refused.refusal
    assert (agreed.refusal, agreed.removed) == (None, 0)
    assert (after.refusal, after.foreign, after.removed) == (None, 0, 1)
    assert await stored(store) == {written, thumbnail_of(written)}


@pytest.mark.usefixtures("ours")
async def test_probe_that_died_is_nobody_elses(collector, store):
    await store.put(_probe_key(b"left"), b"left")

    report = await collector.collect()

    assert (report.refusal, report.unnamed) == (None, 1)


@pytest.mark.usefixtures("ours")
async def test_more_than_half_goes_only_when_somebody_says_so(app, collector, store, written):
    for number in range(30):
        await put(store, lost(number))
    await collector.collect()
    await a_week_passes(app)

    refused = await collector.collect()
    agreed = await collector.collect(agreed=True)

    assert "more than half" in refused.refusal
    assert (refused.removed, agreed.removed) == (0, 30)
    assert await stored(store) == {written, thumbnail_of(written)}


@pytest.mark.usefixtures("ours")
async def test_run_that_died_while_removing_is_finished_by_the_next(
    app, collector, garbage, store, written, monkeypatch: pytest.MonkeyPatch
):
    for number in range(5):
        await put(store, lost(number))
    await collector.collect()
    await a_week_passes(app)
    delete = PictureStore.delete

    async def dies_at_the_thumbnail(self: PictureStore, key: str) -> None:
        if key == thumbnail_of(lost(3)):
            raise StorageError("gone away")
        await delete(self, key)

    monkeypatch.setattr(PictureStore, "delete", dies_at_the_thumbnail)
    with pytest.raises(ExceptionGroup):
        await collector.collect()
    monkeypatch.undo()

    await collector.collect()

    assert await stored(store) == {written, thumbnail_of(written)}
    assert await garbage.doomed(limit=10) == []


async def test_no_avatar_loses_its_picture_while_replicas_die_and_gc_never_rests(
    app, database: Database, garbage: Garbage
):
    """
    Replicas draw, die at every step and complete each other's work; personas come and go; gc runs all the time.

    The grace time is short beside a week, and long beside one statement.
    """
    rng = random.Random(7)
    store = open_store("memory://", public_url="")
    collector = Collector(garbage, store, grace_s=0.1)
    ended = asyncio.Event()

    async def collect() -> int:
        removed = 0
        while not ended.is_set():
            removed += (await collector.collect(agreed=True)).removed
        return removed

    async with asyncio.TaskGroup() as group:
        collecting = group.create_task(collect())
        async with asyncio.TaskGroup() as replicas:
            for _ in range(4):
                replicas.create_task(_draw(app, database, store, rng))
            replicas.create_task(_live(app, rng))
        ended.set()

    rows = await app.connection.fetch("select image_key, thumbnail_key from retrato.avatars")
    there = await stored(store)
    assert collecting.result() > 0
    assert len(rows) > 0
    assert {key for row in rows for key in row} <= there


async def _live(app: Application, rng: random.Random) -> None:
    """The application: personas come, ask again, are cancelled, and go."""
    alive: list[str] = []
    for _ in range(250):
        match rng.random():
            case chance if chance < 0.4 or not alive:
                alive.append(await app.insert())
            case chance if chance < 0.7:
                await app.raise_flag(rng.choice(alive))
            case chance if chance < 0.85:
                await app.connection.execute("select retrato.cancel(array[$1])", rng.choice(alive))
            case _:
                await app.delete(alive.pop(rng.randrange(len(alive))))
        await asyncio.sleep(rng.uniform(0, 0.03))


async def _draw(app: Application, database: Database, store: PictureStore, rng: random.Random) -> None:
    """A replica that now and then dies; what it held is handed back, as a take-over would."""
    jobs, attempts, avatars = new_replica(database), AttemptLog(database), Avatars(database)
    for _ in range(150):
        for job in (await jobs.claim(1, pace_s=0)).jobs:
            with suppress(_DiedError, LeaseLostError):
                await _work(job, attempts, avatars, store, rng)
            await jobs.release(job, delay_s=0, reason="it died")
        await asyncio.sleep(rng.uniform(0, 0.02))


class _DiedError(Exception):
    """Here the replica ends."""


async def _work(job: Job, attempts: AttemptLog, avatars: Avatars, store: PictureStore, rng: random.Random) -> None:
    async def step() -> None:
        await asyncio.sleep(rng.uniform(0, 0.05))
        if rng.random() < 0.15:
            raise _DiedError

    pending = await attempts.pending(job, version=1) if job.version == 1 else None
    await step()
    if pending is not None and pending.image_key is not None:
        with suppress(NotFoundError):
            await store.get(pending.image_key)
            await step()
            await _write(job, avatars, pending.image_key)
            return
    attempt_id = await attempts.begin(job, BID)
    await attempts.succeed(attempt_id, cost_usd=0, seed=1)
    await step()
    keys = picture_keys(
        empresa_id=job.empresa_id, persona_id=job.persona_id, version=1, token=job.token, sha256=SHA256
    )
    await put(store, keys.image)
    await step()
    await attempts.note_picture(job, image_key=keys.image, thumbnail_key=keys.thumbnail, sha256=SHA256)
    await step()
    await _write(job, avatars, keys.image)


async def _write(job: Job, avatars: Avatars, image_key: str) -> None:
    await avatars.write(finished_for(job, image_key=image_key, thumbnail_key=thumbnail_of(image_key)))


async def test_store_that_has_lost_its_mark_is_not_confirmed_by_a_run_that_nobody_watches(
    app, collector, garbage, store, written
):
    for key in (written, thumbnail_of(written)):
        await store.delete(key)

    nightly = await collector.collect()
    before = await store.owner()
    meant = await collector.collect(agreed=True)

    assert nightly.refusal is not None
    assert "another store" in nightly.refusal
    assert (before, meant.refusal) == (None, None)
    assert await store.owner() == (await garbage.identity()).name
