"""Answers that many may share for a moment: each is fetched once, whoever asks meanwhile waits for the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

_Answer = TypeVar("_Answer")
_MOST_KEPT = 2000


@dataclass(slots=True)
class _Kept:
    answer: "asyncio.Future[Any]"
    asked_at: float


class Fresh:
    """Keeps answers for some seconds. *clock* is monotonic."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[tuple[Hashable, ...], _Kept] = {}

    async def get(
        self, key: tuple[Hashable, ...], ask: Callable[[], Awaitable[_Answer]], *, longest_s: float
    ) -> _Answer:
        """What *ask* has answered for *key* within the last *longest_s* seconds, or answers now."""
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept.asked_at > longest_s:
            kept = _Kept(asyncio.ensure_future(_asked(ask)), self._clock())
            self._make_room()
            self._kept[key] = kept
        try:
            # Whoever goes away must not take the answer from the others.
            return cast("_Answer", await asyncio.shield(kept.answer))
        except BaseException:
            if kept.answer.done() and self._kept.get(key) is kept:
                del self._kept[key]
            raise

    def forget(self, kind: str) -> None:
        """Ask anew from now on for keys that begin with *kind*."""
        for key in [key for key in self._kept if key[0] == kind]:
            del self._kept[key]

    def _make_room(self) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()


async def _asked(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """What *ask* answers. SystemExit, which would leave its task and end the process, becomes an error."""
    try:
        return await ask()
    except (SystemExit, KeyboardInterrupt) as exc:
        raise RuntimeError(f"{type(exc).__name__} in the middle of a question") from exc
