"""A child process that ends with this process, whichever thread asked for it."""

import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future


class Child:
    """
    A running process, started and awaited by a thread of its own.

    The kernel sends the death signal when the *thread* that started the process ends, not the process that
    the thread belongs to: started from a worker thread, the server would stop as soon as that one is done.

    Args:
        spawn: starts the process; what it raises comes out of the constructor.

    """

    def __init__(self, spawn: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._ended = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        threading.Thread(target=self._keep, args=(spawn, started), name="retrato-postgres", daemon=True).start()
        self._process = started.result()

    @property
    def pid(self) -> int:
        """The process id; it stays the same through wrappers that replace themselves."""
        return self._process.pid

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False when it still runs after *timeout_s* seconds."""
        return self._ended.wait(timeout_s)

    def stop(self, *, patience_s: float) -> None:
        """SIGINT (to Postgres: a fast shutdown), after *patience_s* seconds SIGQUIT, in the end SIGKILL."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            if self.wait(patience_s):
                return

    def _keep(
        self, spawn: Callable[[], subprocess.Popen[bytes]], started: Future[subprocess.Popen[bytes]]
    ) -> None:
        try:
            process = spawn()
        except BaseException as exc:  # noqa: BLE001 - raised again in the thread that waits for it
            started.set_exception(exc)
            return
        started.set_result(process)
        process.wait()
        self._ended.set()
