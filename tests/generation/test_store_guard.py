"""No picture is paid for that its store could not keep: one that is lost, full, read-only, or not there."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from tests.storage.conftest import opened
from tests.store.support import finished_for

from retrato.domain.errors import StorageError, StoreAwayError
from retrato.domain.picture import Picture
from retrato.generation.pipeline import Pipeline
from retrato.generation.store_guard import StoreGuard
from retrato.metrics.metrics import Metrics
from retrato.storage.keys import PictureKeys, picture_keys, thumbnail_of
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

KEYS = PictureKeys(image="a/b/v1-7-0123456789abcdef.jpg", thumbnail="a/b/v1-7-0123456789abcdef_thumb.jpg")
PICTURE = Picture(image=b"picture", thumbnail=b"small", width=1024, height=1024, sha256="ab" * 32)
LOST = "retrato gc --yes"


@pytest.fixture(params=["file", "s3"])
def elsewhere(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Opens one empty store after the other."""

    def open_another() -> PictureStore:
        if request.param == "file":
            return open_store((tmp_path / uuid4().hex).as_uri(), public_url="")
        return opened(request.getfixturevalue("moto"), monkeypatch)

    return open_another


@pytest.fixture
def draw(app, jobs, avatars):
    """Write one version whose pictures are in a store."""

    async def version(store: PictureStore) -> str:
        await app.insert()
        (job,) = (await jobs.claim(1, pace_s=0)).jobs
        keys = picture_keys(
            empresa_id=job.empresa_id, persona_id=job.persona_id, version=1, token=job.token, sha256="ab" * 32
        )
        await store.put(keys.image, b"picture")
        await store.put(thumbnail_of(keys.image), b"small")
        await avatars.write(finished_for(job, image_key=keys.image, thumbnail_key=keys.thumbnail))
        return keys.image

    return version


def pipeline(store, *, guard: StoreGuard | None = None, metrics: Metrics | None = None, patience_s: float = 0):
    none: object = None
    return Pipeline(
        none, none, none, store, prompt_for=none, guard=guard, metrics=metrics, longest_outage_s=patience_s
    )


async def test_first_picture_brings_the_mark(garbage, elsewhere):
    store = elsewhere()

    await StoreGuard(garbage, store).require()

    assert await store.owner() == (await garbage.identity()).name


async def test_store_from_before_the_mark_gets_it_when_its_pictures_are_there(garbage, draw, elsewhere):
    store = elsewhere()
    await draw(store)

    await StoreGuard(garbage, store).require()

    assert await store.owner() == (await garbage.identity()).name


async def test_store_that_has_lost_its_mark_takes_no_paid_call_and_is_not_begun_anew(
    garbage,
    draw,
    elsewhere,
):
    await draw(elsewhere())
    lost = elsewhere()

    with pytest.raises(StoreAwayError, match=LOST):
        await pipeline(lost, guard=StoreGuard(garbage, lost))._require_store()

    assert await lost.owner() is None
    assert [found.key async for found in lost.list()] == []


async def test_store_that_is_lost_between_two_pictures_is_missed(garbage, draw, elsewhere):
    store = elsewhere()
    guard = StoreGuard(garbage, store)
    await guard.require()
    key = await draw(store)

    for each in (".retrato-owner", key, thumbnail_of(key)):
        await store.delete(each)

    with pytest.raises(StorageError, match=LOST):
        await guard.require()
    with pytest.raises(StorageError, match=LOST):
        await guard.require_same()


async def test_person_who_confirms_a_new_store_is_believed_by_who_waits(garbage, draw, elsewhere):
    await draw(elsewhere())
    new = elsewhere()
    guard = StoreGuard(garbage, new)
    with pytest.raises(StorageError):
        await guard.require()

    await new.set_owner((await garbage.identity()).name)

    await guard.require()
    await guard.require_same()


async def test_another_databases_store_takes_nothing_when_ours_are_not_in_it(garbage, draw, elsewhere):
    await draw(elsewhere())
    theirs = elsewhere()
    await theirs.set_owner("another database")

    with pytest.raises(StorageError, match="mark of another database"):
        await StoreGuard(garbage, theirs).require()


async def test_database_that_was_moved_goes_on_with_the_pictures_it_names(garbage, draw, elsewhere):
    store = elsewhere()
    await draw(store)
    await store.set_owner("this one, before it was moved")

    await StoreGuard(garbage, store).require()

    assert await store.owner() == "this one, before it was moved"


async def test_memory_begins_anew_with_each_process(garbage, draw):
    await draw(open_store("memory://", public_url=""))
    next_process = open_store("memory://", public_url="")

    await StoreGuard(garbage, next_process).require()
    await StoreGuard(garbage, next_process).require_same()


_ROOMY = {"f_flag": 0, "f_frsize": 4096, "f_bavail": 10**9, "f_files": 10**6, "f_favail": 10**6}
DISKS = {
    "full": ({"f_bavail": 10}, "disk is full: 40960 bytes"),
    "without inodes": ({"f_favail": 3}, "room for 3 files"),
    "read-only": ({"f_flag": os.ST_RDONLY}, "read-only"),
}


@pytest.mark.parametrize("disk", DISKS)
async def test_disk_that_takes_no_picture_is_noticed_before_a_paid_call(
    garbage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: str,
):
    changed, words = DISKS[disk]
    store = open_store((tmp_path / "pictures").as_uri(), public_url="")
    work = pipeline(store, guard=StoreGuard(garbage, store))
    await work._require_store()  # it took pictures before

    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(**{**_ROOMY, **changed}))

    with pytest.raises(StoreAwayError, match=words):
        await work._require_store()


async def test_file_system_that_counts_no_files_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = open_store((tmp_path / "pictures").as_uri(), public_url="")
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(**{**_ROOMY, "f_files": 0, "f_favail": 0}))

    await store.require_room()


class Moody:
    """A store that refuses the next *refusals* pictures, or thumbnails, and *probes* as often as told."""

    is_lasting = False

    def __init__(self, *, refusals: int, probes: int = 0, only: str = "") -> None:
        self.refusals, self.probes, self.only = refusals, probes, only
        self.taken: list[str] = []

    async def put(self, key: str, _data: bytes) -> None:
        if self.only in key and self.refusals > 0:
            self.refusals -= 1
            raise StorageError("No space left on device")
        self.taken.append(key)

    async def probe(self) -> None:
        if self.probes > 0:
            self.probes -= 1
            raise StorageError("No space left on device")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_wait(_seconds: float) -> None:
        return

    monkeypatch.setattr(asyncio, "sleep", no_wait)


def counted(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("retrato_job_faults_total", {"fault": "storage"})


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("only", ["", "_thumb"])
async def test_counter_moves_with_the_first_delayed_picture(only: str):
    metrics = Metrics()
    store = Moody(refusals=1, only=only)

    await pipeline(store, metrics=metrics, patience_s=300)._put(KEYS, PICTURE)

    assert counted(metrics) == 1
    assert KEYS.thumbnail in store.taken


@pytest.mark.usefixtures("at_once")
async def test_paid_picture_is_kept_for_as_long_as_the_store_takes_none():
    metrics = Metrics()
    store = Moody(refusals=50, probes=50)

    await pipeline(store, metrics=metrics, patience_s=0)._put(KEYS, PICTURE)

    assert store.taken == [KEYS.image, KEYS.thumbnail]
    assert counted(metrics) == 50


@pytest.mark.usefixtures("at_once")
async def test_picture_that_alone_is_refused_is_given_up():
    store = Moody(refusals=50)

    with pytest.raises(StorageError):
        await pipeline(store, patience_s=0)._put(KEYS, PICTURE)


@pytest.mark.usefixtures("at_once")
async def test_picture_in_hand_goes_into_no_store_that_has_lost_its_mark(garbage, draw, tmp_path: Path):
    folder = tmp_path / "pictures"
    store = open_store(folder.as_uri(), public_url="")
    guard = StoreGuard(garbage, store)
    await guard.require()
    await draw(store)
    (folder / ".retrato-owner").rename(tmp_path / "mark")

    with pytest.raises(StorageError, match=LOST):
        await guard.require_same()
    (tmp_path / "mark").rename(folder / ".retrato-owner")
    await pipeline(store, guard=guard)._put(KEYS, PICTURE)

    assert await store.exists(KEYS.image)
