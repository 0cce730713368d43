"""
Real S3 servers for the tests, and one that misbehaves.

moto is a development dependency. radosgw (Ceph, 17 or newer, for its stand-alone store on SQLite) comes from the
PATH, or from the Debian in the folder RETRATO_RADOSGW_ROOT, which `make test-storage` makes.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import boto3
from aiohttp import web
from botocore.config import Config
from tests.system.servers import await_port, free_port
from tests.tools import found

BUCKET = "retrato-tests"
_OLDEST_RADOSGW = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """One that runs; ``creates_only`` = it heeds If-None-Match, ``checks_keys`` = a wrong key is refused."""

    endpoint: str
    key_id: str = "retrato-tests"
    secret: str = "canary-secret-of-the-bucket"
    creates_only: bool
    checks_keys: bool

    @property
    def environment(self) -> dict[str, str]:
        """What `open_store` and the daemon read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
        }

    def make_bucket(self, name: str = BUCKET) -> None:
        """Make a private bucket, with another client than Retrato's."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket=name)
        client.close()


@contextmanager
def moto(port: int | None = None) -> Iterator[S3Server]:
    """The server of moto with an empty bucket; it keeps everything in memory and believes any key."""
    port = port or free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = S3Server(endpoint=f"http://127.0.0.1:{port}", creates_only=True, checks_keys=False)
    with _running(command, port):
        server.make_bucket()
        yield server


def radosgw_missing() -> str | None:
    """Why there is no radosgw that could be tested; None where there is one."""
    if os.environ.get("RETRATO_RADOSGW_ROOT"):
        return None
    if not found("radosgw"):
        return "NOT TESTED on radosgw: `make test-storage` runs it"
    told = subprocess.run([found("radosgw"), "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"ceph version (\d+)", told.stdout)
    if version is None or int(version[1]) < _OLDEST_RADOSGW:
        return f"NOT TESTED on radosgw: {_OLDEST_RADOSGW} or newer is needed"
    return None


@contextmanager
def radosgw() -> Iterator[S3Server]:
    """Ceph's gateway on SQLite with an empty bucket: it checks signatures, and ignores conditional puts."""
    root = Path(os.environ.get("RETRATO_RADOSGW_ROOT", "/"))
    inside = ["chroot", str(root)] if root != Path("/") else []
    folder = Path(tempfile.mkdtemp(prefix="radosgw-", dir=root / "tmp"))
    seen = "/" + str(folder.relative_to(root))
    port = free_port()
    (folder / "ceph.conf").write_text(  # an indented line would continue the one before
        textwrap.dedent(f"""\
        [client.rgw]
        rgw backend store = dbstore
        dbstore db dir = {seen}
        dbstore db name prefix = dbstore
        rgw config store = dbstore
        dbstore config uri = file:{seen}/config.db
        rgw frontends = beast endpoint=127.0.0.1:{port}
        log file = {seen}/rgw.log
        admin socket =
        run dir = {seen}
        """)
    )
    options = ["-c", f"{seen}/ceph.conf", "-n", "client.rgw", "--no-mon-config"]
    server = S3Server(endpoint=f"http://127.0.0.1:{port}", creates_only=False, checks_keys=True)
    user = ["user", "create", "--uid=tests", "--display-name=tests"]
    keys = [f"--access-key={server.key_id}", f"--secret={server.secret}"]
    try:
        subprocess.run([*inside, "radosgw-admin", *options, *user, *keys], check=True, capture_output=True)
        as_root = ["--setuser", "root", "--setgroup", "root"] if os.geteuid() == 0 else []
        with _running([*inside, "radosgw", *options, *as_root, "-f"], port):
            server.make_bucket()
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await_port(port)
            yield
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server behind has answered."""

    status: int
    headers: dict[str, str]
    body: bytes


Mood = Callable[[web.Request, Callable[[], Awaitable[Answer]]], Awaitable[web.StreamResponse]]


_CLOSING = web.AppKey("closing", asyncio.Event)


class Unruly:
    """Stands in front of an S3 server. Each request takes the next of ``moods``; after the last, ``habit``."""

    def __init__(self, behind: S3Server, *, habit: Mood, path: str = "") -> None:
        self._behind = behind
        self._path = path
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self.port = free_port()
        self.habit = habit
        self.moods: list[Mood] = []
        self.requests: list[str] = []

    @property
    def server(self) -> S3Server:
        """As Retrato sees it."""
        return replace(self._behind, endpoint=f"http://127.0.0.1:{self.port}{self._path}")

    async def listen(self) -> None:
        """Be there, or be there again."""
        app = web.Application(client_max_size=0)
        self._closing = app[_CLOSING] = asyncio.Event()
        app.router.add_route("*", f"{self._path}/{{path:.*}}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def go_away(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._runner is not None:
            self._closing.set()
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        mood = self.moods.pop(0) if self.moods else self.habit
        return await mood(request, lambda: self._forward(request))

    async def _forward(self, request: web.Request) -> Answer:
        url = f"{self._behind.endpoint}{request.raw_path.removeprefix(self._path)}"
        headers = {name: value for name, value in request.headers.items() if name not in request.get("hidden", ())}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, headers=headers, data=await request.read()) as answer,
        ):
            body = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
            return Answer(answer.status, kept, body)


_HOP_BY_HOP = {"Connection", "Content-Length", "Transfer-Encoding", "Date", "Server"}


@asynccontextmanager
async def unruly(behind: S3Server, *, habit: Mood | None = None, path: str = "") -> AsyncIterator[Unruly]:
    """An `Unruly` that listens."""
    proxy = Unruly(behind, habit=habit or honest, path=path)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.go_away()


async def honest(_: web.Request, forward: Callable[[], Awaitable[Answer]]) -> web.Response:
    """As the server behind."""
    answer = await forward()
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


async def hang(request: web.Request, _: Callable[[], Awaitable[Answer]]) -> web.Response:
    """Nothing, until the server goes away."""
    await request.app[_CLOSING].wait()
    return web.Response(status=500)


async def swallow(request: web.Request, forward: Callable[[], Awaitable[Answer]]) -> web.Response:
    """The server behind does it, and nobody hears."""
    await forward()
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def cut(request: web.Request, forward: Callable[[], Awaitable[Answer]]) -> web.StreamResponse:
    """Half of the answer, then the connection ends."""
    answer = await forward()
    length = {"Content-Length": str(len(answer.body))}
    response = web.StreamResponse(status=answer.status, headers={**answer.headers, **length})
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


def refuse(status: int, code: str, message: str) -> Mood:
    """The error of an S3 server, with what such errors quote."""

    async def mood(_: web.Request, _forward: Callable[[], Awaitable[Answer]]) -> web.Response:
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
            "<AWSAccessKeyId>canary-key-id</AWSAccessKeyId><StringToSign>canary-signed</StringToSign></Error>"
        )
        return web.Response(status=status, text=text, content_type="application/xml")

    return mood


async def without_headers(_: web.Request, forward: Callable[[], Awaitable[Answer]]) -> web.Response:
    """What a picture was stored with is not kept."""
    answer = await forward()
    lost = {"content-type", "cache-control"}
    kept = {name: value for name, value in answer.headers.items() if name.lower() not in lost}
    return web.Response(status=answer.status, headers=kept, body=answer.body)


_LARGEST_UPLOAD = 6 * 1024 * 1024


async def as_supabase(request: web.Request, forward: Callable[[], Awaitable[Answer]]) -> web.StreamResponse:
    """Supabase Storage's S3 endpoint: it knows no conditional put, and large pictures go another way."""
    if request.method == "PUT" and (request.content_length or 0) > _LARGEST_UPLOAD:
        refused = refuse(413, "EntityTooLarge", "The object exceeded the maximum allowed size")
        return await refused(request, forward)
    request["hidden"] = {"If-None-Match"}
    return await honest(request, forward)
