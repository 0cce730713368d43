"""The process that decodes: what strangers wrote may cost it memory, time or its life, and the daemon nothing."""

import os
import signal
import socket
import subprocess
import sys
import threading

import structlog

from retrato.domain.errors import UnusablePictureError
from retrato.domain.picture import Picture
from retrato.imaging.protocol import EndedError, Request, receive_reply, send_request

log = structlog.get_logger()

_COMMAND = (sys.executable, "-P", "-W", "ignore", "-m", "retrato.imaging")
# What an interpreter needs to find its files. No key and no password: this one reads what strangers wrote.
_ENVIRONMENT = ("PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH", "LANG")
_TRIES = 2
_START_AGAIN_S = 1.0


class _Child:
    """The running process and the line to it; raises OSError when the system has no room for them."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            try:
                self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter
                    _COMMAND,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                    start_new_session=True,
                )
            except OSError:
                self._line.close()
                raise
        self._replies = self._line.makefile("rb")

    def finish(self, request: Request) -> Picture:
        """Raise UnusablePictureError where it may not be kept, EndedError where the process has ended."""
        send_request(self._line, request)
        return receive_reply(self._replies, request)

    def close(self) -> int:
        """End it; its exit status, negative for a signal."""
        self.process.kill()
        self._replies.close()
        self._line.close()
        return self.process.wait()


class Work:
    """One request, which another thread may abandon at any time."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.abandoned = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def abandon(self) -> None:
        """Kill the process that is at work for this, if one is."""
        with self._lock:
            self.abandoned.set()
            if self._process is not None:
                self._process.kill()

    def done_by(self, process: subprocess.Popen[bytes] | None) -> None:
        """Say who is at work for this from now on; None: nobody any more."""
        with self._lock:
            self._process = process
            if process is not None and self.abandoned.is_set():
                process.kill()


class Finisher:
    """
    Finishes one picture at a time, for one thread, in a process that is started when it is needed.

    The process ends by itself when it is idle, and when this one has ended, however that happens.
    """

    def __init__(self) -> None:
        self._child: _Child | None = None

    def finish(self, work: Work) -> Picture:
        """
        The finished picture.

        Raises:
            UnusablePictureError: it may not be kept, or the process has ended over it.

        """
        status = 0
        for _ in range(_TRIES):  # it may have ended just now because it was idle, or been killed by somebody
            child = self._running(work)
            work.done_by(child.process)
            try:
                return child.finish(work.request)
            except EndedError:
                self._child = None
                status = child.close()
            finally:
                work.done_by(None)
            if work.abandoned.is_set() or status == -signal.SIGXCPU:
                break
        raise UnusablePictureError(
            f"the picture of {len(work.request.data)} bytes could not be read: {_told(status)}; "
            "wanted: one within the limits of time and memory"
        )

    def close(self) -> None:
        """End the process, if it runs; the next picture starts another."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _running(self, work: Work) -> _Child:
        """Go on trying where it cannot be started: the picture is paid for."""
        if self._child is not None and self._child.process.poll() is not None:
            self.close()
        while self._child is None:
            try:
                self._child = _Child()
            except OSError as error:
                log.warning("picture.decode_delayed", error=str(error))
                if work.abandoned.wait(_START_AGAIN_S):
                    raise UnusablePictureError(
                        f"no process could be started to read the picture: {error}"
                    ) from error
        return self._child


def _told(status: int) -> str:
    if status == -signal.SIGXCPU:
        return "it took too much time"
    return (
        f"the process ended by {signal.Signals(-status).name}"
        if status < 0
        else f"the process ended with {status}"
    )
