"""
The collector removes stored pictures that nobody names. `retrato gc` runs it; docs/storage.md says why it is safe.

    look      every stored picture: does anybody name it? Those that nobody names are noted, with the time
    decide    about those that were noted long ago, in one statement that leaves nobody a way to name them again
    remove    what was decided about

Killed at any point, the next run goes on; two at once do no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from retrato.generation.store_guard import StoreGuard
from retrato.storage.keys import picture_of, thumbnail_of
from retrato.storage.picture_store import PictureStore
from retrato.store.garbage import Garbage, Identity

_AT_ONCE = 500
"""Pictures a statement."""
_REMOVED_AT_ONCE = 16
_FEW = 20
"""So many pictures may go unasked, whatever share of all they are."""

_OF_ANOTHER = "these pictures belong to another database, or to this one before it was moved or restored"
_OF_NOBODY = "nobody has said yet whose pictures these are, and some are unknown to this database"
_LOST = "the pictures that the database names are not here: a mount is missing, or it is another store"
_TOO_MANY = "more than half of all pictures would go"


@dataclass(slots=True)
class Report:
    """What was found and done; counts are pictures, each with its thumbnail, except ``strangers`` (objects)."""

    pictures: int = 0
    strangers: int = 0
    """Objects that have no picture's name: not ours."""
    older: int = 0
    """Pictures from before this installation: left alone."""
    unnamed: int = 0
    due: int = 0
    """Of the unnamed ones those whose grace time is over."""
    foreign: int = 0
    """Of the unnamed ones those that this database, as it is, cannot have stored."""
    removed: int = 0
    refusal: str | None = None
    """Why nothing was removed."""


class Collector:
    """Collects in *store* what the database of *garbage* does not name, *grace_s* seconds after it was noticed."""

    def __init__(self, garbage: Garbage, store: PictureStore, *, grace_s: float) -> None:
        self._garbage = garbage
        self._store = store
        self._grace_s = grace_s

    async def collect(self, *, agreed: bool = False, dry_run: bool = False) -> Report:
        """
        Look, decide, remove.

        Where the store belongs to another database, or holds what this one cannot have stored, or belongs to
        nobody while there are pictures that this one does not know, or lacks those that it names, or where more
        than half of all would go, nothing is removed and the report says why; *agreed* = a person has looked and
        means it. *dry_run* changes nothing, neither here nor there.

        Raises:
            StorageError: the store did not answer as it should.
            StoreUnavailableError: the database is away.

        """
        identity = await self._garbage.identity()
        owner = await self._store.owner()
        is_ours = agreed or owner == identity.name
        if not is_ours and owner is not None:
            return Report(refusal=_OF_ANOTHER)
        if not is_ours and (await StoreGuard(self._garbage, self._store).look()).is_lost:
            return Report(refusal=_LOST)
        report = await self._look(identity, note=is_ours and not dry_run, agreed=agreed)
        if not is_ours and report.unnamed:
            report.refusal = _OF_NOBODY
        elif not agreed and report.foreign:
            report.refusal = _OF_ANOTHER
        elif not agreed and report.due > max(_FEW, report.pictures / 2):
            report.refusal = _TOO_MANY
        if report.refusal is not None or dry_run:
            return report
        if owner != identity.name:
            await self._store.set_owner(identity.name)
        report.removed = await self._remove()
        return report

    async def _look(self, identity: Identity, *, note: bool, agreed: bool) -> Report:
        report = Report()
        async for stored in self._stored(identity, report):
            unnamed = await self._garbage.find(stored, grace_s=self._grace_s)
            report.pictures += len(stored)
            report.unnamed += len(unnamed)
            report.due += sum(one.is_due for one in unnamed)
            report.foreign += sum(one.is_foreign for one in unnamed)
            if note and (agreed or not report.foreign):
                await self._garbage.note({one.image_key: stored[one.image_key] for one in unnamed})
        return report

    async def _stored(self, identity: Identity, report: Report) -> AsyncIterator[Mapping[str, int]]:
        """All pictures (key → token) in portions; what is none, or too old to be ours, is only counted."""
        portion: dict[str, int] = {}
        before: dict[str, int] = {}
        async for found in self._store.list():
            picture = picture_of(found.key)
            if picture is None:
                report.strangers += 1
                continue
            image_key, token = picture
            if found.last_modified < identity.installed_at:
                report.older += found.key == image_key
            elif image_key not in before:  # its thumbnail comes close behind it, or before it
                portion[image_key] = token
            if len(portion) == _AT_ONCE:
                yield portion
                before, portion = portion, {}
        if portion:
            yield portion

    async def _remove(self) -> int:
        removed = await self._remove_doomed()  # what an earlier run had decided and not lived to remove
        position: str | None = ""
        while position is not None:
            position = await self._garbage.doom(grace_s=self._grace_s, limit=_AT_ONCE, behind=position)
            removed += await self._remove_doomed()
        return removed

    async def _remove_doomed(self) -> int:
        removed = 0
        while doomed := await self._garbage.doomed(limit=_AT_ONCE):
            for start in range(0, len(doomed), _REMOVED_AT_ONCE):
                some = doomed[start : start + _REMOVED_AT_ONCE]
                async with asyncio.TaskGroup() as group:
                    for image_key in some:
                        group.create_task(self._remove_one(image_key))
                await self._garbage.forget(some)
                removed += len(some)
        return removed

    async def _remove_one(self, image_key: str) -> None:
        await self._store.delete(image_key)
        await self._store.delete(thumbnail_of(image_key))
