"""
The process that finishes pictures for the daemon; `process` starts it, its standard input is the line to it.

Whatever the checks before decoding have overlooked is stopped by its limits. It ends when the daemon has gone, and
when it has had nothing to do for a while.
"""

import contextlib
import resource
import signal
import socket

from PIL import AvifImagePlugin

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.normalise import finish_now
from retrato.imaging.protocol import EndedError, receive_request, send_reply

_IDLE_S = 60.0
_CPU_S = 10
"""For one picture: ten times what the largest ones take."""
_MEMORY = 256 * 1024 * 1024
"""Address space; the interpreter and its libraries take 40 MB of it, the largest pictures 190 MB."""


def main() -> None:
    """Finish one picture after the other."""
    # Signals to a whole group or unit are for the daemon, which needs this process until it has drained.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Each thread would take address space of its own.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, _MEMORY)
    line = socket.socket(fileno=0)
    line.settimeout(_IDLE_S)
    with contextlib.suppress(EndedError), line, line.makefile("rb") as file:
        while True:
            request = receive_request(file)
            usage = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + 1 + _CPU_S)
            try:
                send_reply(line, finish_now(request.data, width=request.width, height=request.height))
            except UnusablePictureError as refusal:
                send_reply(line, refusal)


def _limit(which: int, most: int) -> None:
    """Where the system has no such limit, e.g. macOS, it must do without."""
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(which)
        resource.setrlimit(which, (most, hard))


if __name__ == "__main__":
    main()
