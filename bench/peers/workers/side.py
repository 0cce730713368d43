"""
What every measured system looks like to the driver: three roles, JSON objects a line each.

    install DSN                                      make the tables, and end
    client DSN --connections N                       take orders on stdin, answer each on stdout
    work DSN --concurrency C --every N [--hold]      work until stdin ends; tell of the first and every Nth start

Orders of a client: ``{"do": "add"}`` one job in a transaction of its own, ``{"do": "fill", "jobs": N}`` many jobs,
``{"do": "rate", "seconds": S}`` one job a transaction on all connections at once.

Only the standard library: this file runs in the project's environment and in that of the peers. All times are
``time.monotonic()``, which is the same clock in all processes of a machine.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol


class Client(Protocol):
    """The application's side: it enqueues, the way that the system documents."""

    async def add(self) -> None:
        """Enqueue one job and commit."""

    async def add_many(self, jobs: int) -> None:
        """Enqueue *jobs* jobs and commit."""


class Handler:
    """The job itself: it does nothing but tell, or with *hold* never ends."""

    def __init__(self, *, every: int, hold: bool) -> None:
        self._every = every
        self._hold = hold
        self._started = 0

    async def __call__(self) -> None:
        """Run once."""
        self._started += 1
        if self._started == 1 or self._started % self._every == 0:
            tell(started=self._started, at=time.monotonic())
        if self._hold:
            await asyncio.Event().wait()


class System(Protocol):
    """One queue library, or ours."""

    async def install(self, dsn: str) -> None:
        """Make its tables in an empty database."""

    def client(self, dsn: str, *, connections: int) -> AbstractAsyncContextManager[Client]:
        """An application with so many connections, all of them open."""

    async def work(self, dsn: str, *, concurrency: int, handler: Handler) -> None:
        """Run a worker for ever; every job awaits *handler*."""


# Only the protocol goes to stdout: what libraries print there joins the log.
_to_driver = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def tell(**words: Any) -> None:
    """Say one thing to the driver."""
    print(json.dumps(words), file=_to_driver, flush=True)


def main(system: System) -> None:
    """Play the role that the command line asks for."""
    args = _arguments()
    with asyncio.Runner(loop_factory=_loop_factory(args.uvloop)) as runner:
        runner.run(_play(system, args))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["install", "client", "work"])
    parser.add_argument("dsn")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--uvloop", metavar="FOLDER", help="run on uvloop, which is installed in this folder")
    return parser.parse_args()


def _loop_factory(folder: str | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if folder is None:
        return None
    sys.path.append(folder)  # the project's own environment has no uvloop
    import uvloop  # noqa: PLC0415

    return uvloop.new_event_loop


async def _play(system: System, args: argparse.Namespace) -> None:
    match args.role:
        case "install":
            await system.install(args.dsn)
        case "client":
            async with system.client(args.dsn, connections=args.connections) as client:
                tell(ready=True)
                await _serve(client, args.connections)
        case "work":
            handler = Handler(every=args.every, hold=args.hold)
            work = asyncio.create_task(system.work(args.dsn, concurrency=args.concurrency, handler=handler))
            await _until_end_of_stdin_or(work)


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _until_end_of_stdin_or(work: "asyncio.Task[None]") -> None:
    """Work until the driver has gone; a worker that ends by itself ends the process."""
    reader = await _stdin()
    gone = asyncio.create_task(reader.read())
    await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def _serve(client: Client, connections: int) -> None:
    reader = await _stdin()
    while line := await reader.readline():
        order = json.loads(line)
        match order["do"]:
            case "add":
                await client.add()
                tell(committed_at=time.monotonic())
            case "fill":
                await client.add_many(order["jobs"])
                tell(filled=order["jobs"])
            case "rate":
                await _tell_rate(client, connections, order["seconds"])


async def _tell_rate(client: Client, connections: int, seconds: float) -> None:
    """One committer a connection, for *seconds* seconds."""
    began = time.monotonic()

    async def commit_on() -> int:
        commits = 0
        while time.monotonic() < began + seconds:
            await client.add()
            commits += 1
        return commits

    counts = await asyncio.gather(*(commit_on() for _ in range(connections)))
    tell(commits=sum(counts), took_s=time.monotonic() - began)
