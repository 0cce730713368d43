"""Checks of where the pictures go, and of the addresses under which they will be looked for."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.app.public_url import console_prefix, todays_prefix
from retrato.console.whereabouts import is_taken
from retrato.generation.store_guard import CONFIRM, StoreGuard
from retrato.services.public_address import serves
from retrato.settings import Settings
from retrato.storage.location import open_store
from retrato.storage.picture_store import IMMUTABLE, JPEG, Habits, want_of_room

_LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::")  # noqa: S104 - what people write
_PICTURE_BYTES = 300_000
_FEW_BYTES = 100_000_000
_SOME_BYTES = 1_000_000_000


async def check_storage(patient: Patient) -> list[Finding]:
    """An object of a picture's size can be written, read and deleted, and what a bucket keeps of it."""
    settings = patient.settings
    store = open_store(settings.storage_url_or_default, public_url=settings.public_url or "/avatars")
    habits = await store.probe()
    if settings.storage_url_or_default.startswith("memory:"):
        return [
            warn(
                "pictures are kept in memory: they go with the process",
                "set RETRATO_STORAGE_URL to a folder or a bucket",
            )
        ]
    done = f"{settings.storage_url_or_default}: written, read and deleted"
    if not settings.storage_url_or_default.startswith("s3:"):
        return [ok(done)]
    return [ok(f"{done}; {_refusals(habits)}"), *_lost_headers(habits)]


def _refusals(habits: Habits) -> str:
    if habits.creates_only:
        return "a second picture under a name is refused (If-None-Match)"
    return "If-None-Match is ignored, which does no harm: no name is used twice"


def _lost_headers(habits: Habits) -> list[Finding]:
    """What browsers and caches will miss."""
    if habits.content_type == JPEG and habits.cache_control == IMMUTABLE:
        return []
    return [
        warn(
            f"the bucket answers with Content-Type {habits.content_type} and Cache-Control {habits.cache_control} "
            f"in place of {JPEG} and {IMMUTABLE!r}: pictures may not be shown, or be fetched again and again",
            "use a store that keeps them, or set them in what stands in front of the bucket",
        )
    ]


async def check_owner(patient: Patient) -> list[Finding]:
    """The pictures that the database names are in the store, as far as some of them tell, and it is their own."""
    store = open_store(patient.settings.storage_url_or_default, public_url="")
    if not store.is_lasting:
        return [ok("pictures in memory cannot be looked for from here")]
    owner = await store.owner()
    is_ours = owner == (await patient.garbage.identity()).name
    looked = await StoreGuard(patient.garbage, store).look()
    if looked.is_lost and not is_ours:
        bears = "no mark" if owner is None else "another database's mark"
        seen = (
            f"the store bears {bears}, and {looked.missing} of {looked.pictures} pictures looked for are missing"
        )
        return [fail(f"{seen}: nothing is drawn into it", f"a mount, or RETRATO_STORAGE_URL, is wrong: {CONFIRM}")]
    found = [_of_the_owner(is_ours=is_ours, is_marked=owner is not None)]
    if looked.missing:
        found.append(
            fail(
                f"{looked.missing} of {looked.pictures} pictures looked for are not in the store",
                "bring back the disk, bucket or backup that has them; what is gone for good comes back as a new "
                "face only, when it is asked for",
            )
        )
    return found


def _of_the_owner(*, is_ours: bool, is_marked: bool) -> Finding:
    if is_ours:
        return ok("they belong to this database")
    if not is_marked:
        return ok("the store bears no mark yet; the next picture brings it")
    return fail(
        "another database collects the pictures there, and removes those of this one after its days of grace",
        "set RETRATO_STORAGE_URL to a place of its own; where this database was moved or restored, and the "
        "other one is gone, say `retrato gc --yes` once",
    )


async def check_public_url(patient: Patient) -> list[Finding]:
    """The addresses that are written into the database can lead somewhere."""
    settings = patient.settings
    if settings.public_url is None:
        return [await _of_the_console(settings)]
    url = urlsplit(settings.public_url)
    if settings.public_url.startswith("/"):
        return [ok(f"{settings.public_url}/…, completed by the application")]
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        return [
            fail(
                f"RETRATO_PUBLIC_URL is {settings.public_url!r}: no browser can follow that",
                "it should be like https://avatars.example.com/path",
            )
        ]
    if url.hostname in _LOOPBACK:
        return [_only_here(settings.public_url)]
    return [ok(f"{settings.public_url}/…")]


async def check_addresses(patient: Patient) -> list[Finding]:
    """The addresses in the application's rows begin with today's prefix."""
    addresses = patient.database.addresses
    assert addresses is not None
    today = await todays_prefix(patient.settings, addresses)
    if today is None:
        return [ok("no daemon has kept a prefix yet")]
    counted = await addresses.count(await addresses.old_prefixes(today))
    return [
        warn(
            f"{rows} rows of the application hold addresses that begin with {prefix}/, and not with {today}/",
            "`retrato readdress` rewrites them, `retrato readdress --plan` only counts",
        )
        for prefix, rows in counted.items()
    ] or [ok(f"all begin with {today}/")]


async def check_disk(patient: Patient) -> list[Finding]:
    """Room for pictures, where they go to a disk of this machine."""
    url = urlsplit(patient.settings.storage_url_or_default)
    if url.scheme != "file":
        return [ok("pictures do not go to this machine's disk")]
    folder = Path(unquote(url.path))
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    words = f"{free / 1e9:.1f} GB free in {folder}, for about {free // _PICTURE_BYTES:,} avatars"
    remedy = "make room, or set RETRATO_STORAGE_URL to another place"
    if (want := want_of_room(there)) is not None:
        return [fail(f"{folder}: {want}; nothing is drawn", remedy)]
    if free < _FEW_BYTES:
        return [fail(words, remedy)]
    return [warn(words, remedy) if free < _SOME_BYTES else ok(words)]


async def _of_the_console(settings: Settings) -> Finding:
    prefix = console_prefix(settings)
    if prefix is None:
        return warn(
            "RETRATO_PUBLIC_URL is not set and RETRATO_CONSOLE_PORT is 0: each start writes other addresses",
            "set RETRATO_PUBLIC_URL, or a port",
        )
    store = open_store(settings.storage_url_or_default, public_url="")
    host, port = settings.console_host, settings.console_port
    if await asyncio.to_thread(is_taken, host, port) and not await serves(prefix, store):
        return fail(
            f"RETRATO_PUBLIC_URL is not set, somebody else has {host}:{port}, and does not serve "
            "the pictures: nothing is drawn, since their addresses would lead nowhere",
            "set RETRATO_PUBLIC_URL to where browsers find the pictures, or free the port (RETRATO_CONSOLE_PORT)",
        )
    if host in _LOOPBACK:
        return _only_here(prefix)
    return ok(f"{prefix}/…")


def _only_here(url: str) -> Finding:
    return warn(
        f"the addresses written begin with {url}: they lead nowhere from other machines",
        "set RETRATO_PUBLIC_URL to where browsers find the pictures",
    )
