"""The way to a finished picture for the daemon: in a process of its own, one picture after the other."""

import asyncio
import atexit
from concurrent.futures import ThreadPoolExecutor

from retrato.domain.picture import Picture
from retrato.imaging.normalise import finish_now
from retrato.imaging.process import Finisher, Work
from retrato.imaging.protocol import Request

__all__ = ["finish", "finish_now"]

# One for all that this process draws, so that the memory for one picture is all that is ever needed at a time.
_finisher = Finisher()
atexit.register(_finisher.close)
_turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="finisher")


async def finish(data: bytes, *, width: int, height: int) -> Picture:
    """
    `finish_now` in another process, bounded in memory and CPU time, when those before it are done.

    It ends at once when the caller is cancelled.

    Raises:
        UnusablePictureError: *data* is no picture that may be kept; says what was seen and wanted.

    """
    work = Work(Request(data, width, height))
    try:
        return await asyncio.wrap_future(_turns.submit(_finisher.finish, work))
    finally:
        work.abandon()
