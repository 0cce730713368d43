"""
How much memory do the heaviest pictures take that are accepted, and the hostile ones that are not?

The real daemon as a process, at its default concurrency of 4, with providers that answer with one kind of picture
at a time. The resident memory of the daemon and of the process that decodes for it is read from outside every few
milliseconds; pages that both share are counted twice. In the end SIGTERM comes while pictures are being decoded.

    python bench/pictures.py                     some minutes
    python bench/pictures.py --personas 8        a look
"""

import argparse
import asyncio
import io
import os
import struct
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web
from PIL import Image, ImageChops

from retrato.simulator.server import Simulator
from retrato.store import sample
from scale.ground import connected, daemon, install, new_database, postgres

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.imaging.pictures import LYING_AVIF, png, png_of_declared_size, with_scans

_SIDE = 2896
"""Of the largest square that is accepted."""
_EVERY_S = 0.005
_QUIET_S = 3.0
"""With no call for so long the pictures are all drawn, or the leg is suspended for its bad answers."""
_UNDER_WAY = "select count(*) from retrato.attempts where state = 'sending'"
_KEPT = "select count(*) from retrato.attempts where state = 'succeeded' and leg like '%endpoint%'"


def photograph(side: int, mode: str = "RGB") -> Image.Image:
    """A soft picture under fine grain, which no format packs well."""
    across = Image.linear_gradient("L").rotate(90).resize((side, side))
    grain = Image.effect_noise((side, side), 20)
    soft = Image.merge("RGB", (across, across.rotate(90), across.rotate(180)))
    grained = ImageChops.add(soft, Image.merge("RGB", [grain] * 3), 1, -128)
    if mode == "RGBA":
        grained.putalpha(across)
    return grained.convert(mode)


def encoded(picture: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


def png_of_16_bits() -> bytes:
    """The heaviest PNG: eight bytes a pixel."""
    row = b"\0" + bytes(place * 7 % 256 for place in range(8 * _SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 16, 6, 0, 0, 0)
    return png(header, (b"IDAT", zlib.compress(row * _SIDE, 1)))


KINDS: dict[str, Callable[[], bytes]] = {
    "ordinary: JPEG, 1024 x 1024": lambda: encoded(photograph(1024), "JPEG", quality=90),
    "ordinary: PNG, 1024 x 1024": lambda: encoded(photograph(1024), "PNG"),
    "largest: JPEG, progressive": lambda: encoded(
        photograph(_SIDE), "JPEG", quality=95, progressive=True, subsampling="4:4:4"
    ),
    "largest: PNG, RGBA": lambda: encoded(photograph(_SIDE, "RGBA"), "PNG", compress_level=1),
    "largest: PNG, RGBA of 16 bits": png_of_16_bits,
    "largest: WebP, RGBA": lambda: encoded(photograph(_SIDE, "RGBA"), "WEBP", quality=80, method=0),
    "largest: AVIF, RGBA": lambda: encoded(photograph(_SIDE, "RGBA"), "AVIF", quality=80, speed=10),
    "hostile: JPEG of 400 scans": lambda: with_scans(
        encoded(photograph(512), "JPEG", quality=20, progressive=True), 400
    ),
    "hostile: JPEG of 30 scans, the most": lambda: with_scans(
        encoded(photograph(_SIDE), "JPEG", quality=20, progressive=True), 30
    ),
    "hostile: PNG of 5000 x 5000, 16 bits": lambda: png_of_declared_size(5000, 5000, depth=16, colour=6),
    "hostile: WebP of 16383 x 16383": lambda: (
        b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(5)
    ),
    "hostile: AVIF that lies about its size": lambda: LYING_AVIF,
    "hostile: 20 MB of nothing": lambda: b"\x89PNG\r\n\x1a\n" + bytes(20_000_000 - 8),
}


class Endpoint:
    """Answers with *data*, each time a little different, since the same bytes twice are a placeholder."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.answered = 0
        self.url = ""

    async def _answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.answered += 1
        return web.Response(body=self._data + struct.pack(">I", self.answered), content_type="image/png")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()


class Memory:
    """The peaks in MiB: of the daemon, of its child, of both at one time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.daemon = self.child = self.both = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(FileNotFoundError, ProcessLookupError):
                daemon, child = _mib(self._pid), sum(_mib(each) for each in _children(self._pid))
                self.daemon, self.child = max(self.daemon, daemon), max(self.child, child)
                self.both = max(self.both, daemon + child)
            await asyncio.sleep(_EVERY_S)


def _children(pid: int) -> set[int]:
    """Those that decode: one that is only about to begin still shows the daemon's own pages."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    children = {int(child) for file in files for child in file.read_text(encoding="ascii").split()}
    return {child for child in children if b"retrato.imaging" in Path(f"/proc/{child}/cmdline").read_bytes()}


def _mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def measure(dsn: str, name: str, data: bytes, *, personas: int) -> None:
    """Let a daemon draw a company of which each picture is *data*; print what it took."""
    endpoint = Endpoint(data)
    async with endpoint.open(), Simulator() as simulator, connected(dsn) as connection:
        settings = {"RETRATO_HUGGINGFACE_ENDPOINT_URL": endpoint.url, "RETRATO_GRACE_SECONDS": "1"}
        async with daemon(dsn, simulator, **settings) as process:
            memory = Memory(process.pid)
            watch = asyncio.create_task(memory.watch())
            await sample.insert_company(dsn, personas=personas)
            waited_s, answered = 0.0, 0
            while waited_s < _QUIET_S:
                await asyncio.sleep(0.1)
                is_quiet = 0 < endpoint.answered == answered and not await connection.fetchval(_UNDER_WAY)
                waited_s = waited_s + 0.1 if is_quiet else 0.0
                answered = endpoint.answered
                if process.returncode is not None:
                    raise RuntimeError(f"the daemon has ended with {process.returncode}; see its log above")
            kept = await connection.fetchval(_KEPT)
            # As many again, and the end in the midst of it.
            await sample.insert_company(dsn, personas=personas)
            while endpoint.answered < answered + 2 and waited_s > 0:
                await asyncio.sleep(0.01)
                waited_s -= 0.01
            began = time.monotonic()
            process.terminate()
            await process.wait()
            took_s = time.monotonic() - began
            watch.cancel()
    print(
        f"| {name} | {len(data) / 1e6:.2f} MB | {answered} | {kept} "
        f"| {memory.daemon:.0f} | {memory.child:.0f} | **{memory.both:.0f}** | {took_s:.1f} s |",
        flush=True,
    )


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    print("| pictures | size | came | kept | daemon, MiB | child, MiB | both, MiB | SIGTERM to the end |")
    print("|---|---|---|---|---|---|---|---|")
    with postgres() as server:
        for number, (name, made) in enumerate(KINDS.items()):
            if args.only in name:
                dsn = await new_database(server, f"kind_{number}")
                await install(dsn)
                await measure(dsn, name, made(), personas=args.personas)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=16)
    parser.add_argument("--only", default="", help="the kinds whose name has this in it")
    asyncio.run(main(parser.parse_args()))
