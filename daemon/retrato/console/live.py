"""
Live events: open pages learn within a second what has changed, without reloading and without asking.

    who looks     one loop in each replica, and only while pages are open there. Once a second it asks one
                  question for all of them: a mark for each company on show (``console_marks.sql``), a few looks
                  into indexes. Nothing is paid for a finished avatar, whichever replica drew it.
    what is read  scenes (see there) whose mark has moved, and all of them every 15 seconds, for what leaves no
                  mark: the application renames or deletes. 200 tabs that show the same are one scene.
    how often     after a look that took *t* seconds the loop rests for max(1 s, 4 t): whatever is open, at most a
                  fifth of one of the pool's connections is used.
    what is sent  the pieces that differ from before. Each page has a queue of 8 messages; where it overflows the
                  page is sent everything once it reads again. Who does not read for 10 s is cut off.
    who may       *most_pages* pages; the next one is told to come back later and shows what it has.

What cannot be read is told to the pages that show it, and tried again after growing rests; the others go on. On a
stop all streams end first, so that nobody waits for them.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from retrato.console.desk import Desk
from retrato.console.scenes import Pieces, Scene
from retrato.domain.errors import NotFoundError, StoreUnavailableError
from retrato.supervise import backoff, failed, wait_for_any, was_cancelled

log = structlog.get_logger()

_LOOK_EVERY_S = 1.0
_LOOK_AT_ALL_EVERY_S = 15.0
_REST = 4.0
_QUEUED = 8
_MOST_PAGES = 400

AWAY = b"event: away\ndata: {}\n\n"
BROKEN = b'event: away\ndata: {"why": "broken"}\n\n'
BACK = b"event: back\ndata: {}\n\n"
GONE = b"event: gone\ndata: {}\n\n"


class FullError(Exception):
    """So many pages are open that no further one is told what changes."""


@dataclass(eq=False, slots=True)
class Page:
    """One open page: what it is still to be sent. ``overrun`` = everything, instead of what has changed."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: list[bytes] = field(default_factory=list)
    overrun: bool = False
    is_over: bool = False

    def tell(self, message: bytes) -> None:
        """Queue *message*; where there is no room all that waits is given up for a snapshot."""
        if len(self.waiting) >= _QUEUED:
            self.waiting.clear()
            self.overrun = True
        if not self.overrun:
            self.waiting.append(message)
        self.news.set()

    def end(self) -> None:
        """Nothing more will come."""
        self.is_over = True
        self.news.set()


@dataclass(slots=True)
class _Stage:
    """A scene with the pages that show it."""

    scene: Scene
    pages: set[Page] = field(default_factory=set)
    pieces: Pieces | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    looked_at: float = float("-inf")
    trouble: str = ""
    """Why it could not be read the last time."""
    rests: Iterator[float] = field(default_factory=lambda: backoff(first_s=1, longest_s=_LOOK_AT_ALL_EVERY_S))
    again_at: float = float("-inf")


class Live:
    """
    Tells open pages what has changed.

    *clock* is monotonic; *on_failure* hears ``console`` when a page cannot be read.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        look_every_s: float = _LOOK_EVERY_S,
        look_at_all_every_s: float = _LOOK_AT_ALL_EVERY_S,
        most_pages: int = _MOST_PAGES,
        clock: Callable[[], float] = time.monotonic,
        on_failure: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._desk = desk
        self._on_failure = on_failure
        self._look_every_s = look_every_s
        self._look_at_all_every_s = look_at_all_every_s
        self._most_pages = most_pages
        self._clock = clock
        self._stages: dict[Scene, _Stage] = {}
        self._poked = asyncio.Event()
        self._is_away = False
        self._is_over = False

    @property
    def open_pages(self) -> int:
        """How many pages are told."""
        return sum(len(stage.pages) for stage in self._stages.values())

    @contextmanager
    def open(self, scene: Scene) -> Iterator[Page]:
        """
        A page that shows *scene*, for the length of the block; its first message is everything.

        Raises:
            FullError: too many pages are open, or the daemon stops.

        """
        if self._is_over or self.open_pages >= self._most_pages:
            raise FullError
        page = Page()
        stage = self._stages.setdefault(scene, _Stage(scene))
        stage.pages.add(page)
        if stage.pieces is not None:
            page.overrun = True
            page.news.set()
        elif stage.trouble:
            page.tell(BROKEN)
        self._poked.set()
        try:
            yield page
        finally:
            stage.pages.discard(page)
            if not stage.pages and self._stages.get(scene) is stage:
                del self._stages[scene]

    def take(self, scene: Scene, page: Page) -> list[bytes]:
        """What *page*, which shows *scene*, is to be sent now, in order."""
        page.news.clear()
        messages = page.waiting[:]
        page.waiting.clear()
        stage = self._stages.get(scene)
        if page.overrun and stage is not None and stage.pieces is not None:
            page.overrun = False
            state = AWAY if self._is_away else BROKEN if stage.trouble else BACK
            messages = [_message(stage.pieces.html, stage.pieces.orders), state]
        return messages

    def poke(self) -> None:
        """Something was ordered from here: look now."""
        for stage in self._stages.values():
            stage.looked_at = stage.again_at = float("-inf")
        self._poked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look and tell until *stop*; then end all streams. After a failure they stay open for the next call."""
        try:
            await self._look_until(stop)
        except BaseException as exc:
            if was_cancelled(exc):
                self._end()
            raise
        self._end()

    def _end(self) -> None:
        self._is_over = True
        for stage in self._stages.values():
            for page in stage.pages:
                page.end()

    async def _look_until(self, stop: asyncio.Event) -> None:
        took_s = 0.0
        while not stop.is_set():
            # Not sooner, however many pages are opened meanwhile.
            await wait_for_any(stop, timeout_s=max(self._look_every_s / 4, took_s))
            rest_s = max(self._look_every_s, _REST * took_s) if self._stages else None
            await wait_for_any(stop, self._poked, timeout_s=rest_s)
            self._poked.clear()
            started_at = self._clock()
            await self.look()
            took_s = self._clock() - started_at

    async def look(self) -> None:
        """Look once at everything that is on show, and tell what is different."""
        stages = list(self._stages.values())
        try:
            marks = await self._marks(stages)
            # What was counted before the marks were read may lack what has moved them.
            self._desk.forget_counts()
            for stage in stages:
                if stage.pages and self._is_due(stage, marks):
                    await self._look_or_tell(stage, marks)
        except StoreUnavailableError as exc:
            if not self._is_away:
                log.warning("console.away", error=str(exc))
            self._tell_all(AWAY, is_away=True)
        except Exception as exc:
            for stage in stages:
                stage.trouble = str(exc) or type(exc).__name__
                _tell(stage, BROKEN)
            raise
        else:
            self._tell_all(BACK, is_away=False)

    async def _look_or_tell(self, stage: _Stage, marks: Mapping[str, str]) -> None:
        """Look at *stage*; why that is not possible, is for those who look at it, and for the log."""
        try:
            await self._look_at(stage, marks)
        except StoreUnavailableError:
            raise
        except Exception as exc:  # noqa: BLE001 - one page of many
            rest_s = next(stage.rests)
            stage.again_at = self._clock() + rest_s
            if str(exc) != stage.trouble:
                failed("console", exc, on_failure=self._on_failure, again_in_s=round(rest_s, 1))
            stage.trouble = str(exc) or type(exc).__name__
            _tell(stage, BROKEN)
        else:
            if stage.trouble:
                stage.trouble, stage.rests = "", backoff(first_s=1, longest_s=_LOOK_AT_ALL_EVERY_S)
                _tell(stage, BACK)

    async def _marks(self, stages: Sequence[_Stage]) -> dict[str, str]:
        empresa_ids = {one for stage in stages if stage.pieces is not None for one in stage.pieces.empresa_ids}
        return await self._desk.reads.marks(sorted(empresa_ids)) if empresa_ids else {}

    def _is_due(self, stage: _Stage, marks: Mapping[str, str]) -> bool:
        if self._clock() < stage.again_at:
            return False
        if stage.pieces is None or stage.trouble or self._clock() - stage.looked_at > self._look_at_all_every_s:
            return True
        if not stage.pieces.empresa_ids:
            return True  # a page about no company: providers, replicas
        return any(stage.marks.get(one) != marks.get(one) for one in stage.pieces.empresa_ids)

    async def _look_at(self, stage: _Stage, marks: Mapping[str, str]) -> None:
        looked_at = self._clock()
        try:
            pieces = await stage.scene.look(self._desk)
        except NotFoundError:
            _tell(stage, GONE)
            return
        before = stage.pieces
        # Marks were read before the pieces: what comes in between is seen once more.
        stage.pieces, stage.looked_at = pieces, looked_at
        stage.marks = {one: marks.get(one, "") for one in pieces.empresa_ids}
        if before is None:
            _tell(stage, _message(pieces.html, pieces.orders))
            return
        changed = {key: html for key, html in pieces.html.items() if before.html.get(key) != html}
        orders = {key: order for key, order in pieces.orders.items() if before.orders.get(key) != order}
        if changed or orders:
            _tell(stage, _message(changed, orders))

    def _tell_all(self, message: bytes, *, is_away: bool) -> None:
        if self._is_away != is_away:
            self._is_away = is_away
            for stage in self._stages.values():
                _tell(stage, message)


def _tell(stage: _Stage, message: bytes) -> None:
    for page in stage.pages:
        page.tell(message)


def _message(html: Mapping[str, str], orders: Mapping[str, Sequence[str]]) -> bytes:
    return b"event: pieces\ndata: " + json.dumps({"html": html, "orders": orders}).encode() + b"\n\n"
