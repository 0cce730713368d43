"""A stranger's picture costs a bounded time and a bounded memory, and never the daemon."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image
from tests.imaging.pictures import LYING_AVIF, encoded, gradient, png, png_of_declared_size, with_scans

from retrato.domain.errors import UnusablePictureError
from retrato.imaging import finish as finishing
from retrato.imaging.finish import finish, finish_now
from retrato.imaging.jpeg import MAX_SCANS
from retrato.imaging.limits import MAX_PIXELS


def refusal_of(data: bytes) -> str:
    with pytest.raises(UnusablePictureError) as caught:
        finish_now(data, width=256, height=256)
    return str(caught.value)


def child() -> int:
    """The process that works for us."""
    running = finishing._finisher._child
    assert running is not None
    return running.process.pid


def of_child(file: str) -> bytes:
    return Path(f"/proc/{child()}/{file}").read_bytes()


@pytest.mark.parametrize("scans", [MAX_SCANS + 1, 400, 4000])
def test_jpeg_of_too_many_scans_is_refused_before_it_is_decoded(scans: int):
    began = time.process_time()

    assert f"more than {MAX_SCANS} scans" in refusal_of(
        with_scans(encoded(gradient(), "JPEG", progressive=True), scans)
    )
    assert time.process_time() - began < 1


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_progressive_jpeg_as_encoders_write_it_is_kept(mode: str):
    data = encoded(gradient().convert(mode), "JPEG", progressive=True)

    assert finish_now(data, width=256, height=256)


@pytest.mark.parametrize(
    "data",
    [
        png_of_declared_size(2897, 2896),
        png_of_declared_size(5000, 5000, depth=16, colour=6),
        b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + struct.pack("<I", 4999 | 4999 << 14) + bytes(5),
        encoded(Image.new("RGB", (4096, 4096)), "WEBP", lossless=True),
        encoded(Image.new("L", (4096, 4096)), "JPEG"),
        encoded(Image.new("L", (4096, 4096)), "AVIF", speed=10),
    ],
    ids=["PNG", "PNG of 16 bits", "WebP header", "WebP", "JPEG", "AVIF"],
)
def test_area_far_above_the_ordered_one_is_refused_by_the_header(data: bytes):
    assert f"at most {MAX_PIXELS}" in refusal_of(data)


@pytest.mark.parametrize("size", [(2048, 2048), (3840, 2160)])
def test_what_enlarging_models_answer_is_kept(size: tuple[int, int]):
    assert finish_now(encoded(gradient(*size), "JPEG"), width=1024, height=1024)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xfe\0\2" * 120_000,
        png(bytes(13), *[(b"tEXt", b"")] * 120_000),
        b"RIFF\0\0\0\0WEBP" + b"JUNK\0\0\0\0" * 120_000,
    ],
    ids=["JPEG", "PNG", "WebP"],
)
def test_file_of_very_many_parts_is_refused(data: bytes):
    assert "more than 100000" in refusal_of(data)


def test_png_that_unpacks_to_more_than_its_rows_is_not_unpacked_further():
    header = struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(256)) for _ in range(256))
    data = png(header, (b"IDAT", zlib.compress(rows + bytes(200_000_000), 1)))
    began = time.process_time()

    assert finish_now(data, width=256, height=256)
    assert time.process_time() - began < 1


async def test_picture_that_lies_about_its_size_ends_at_the_limit_of_memory_and_the_next_is_finished():
    with pytest.raises(UnusablePictureError):
        await finish(LYING_AVIF, width=256, height=256)

    assert await finish(encoded(gradient()), width=256, height=256)
    peak = next(line for line in of_child("status").splitlines() if line.startswith(b"VmPeak"))
    assert int(peak.split()[1]) <= 256 * 1024


async def test_several_pictures_are_finished_one_after_the_other_by_one_process():
    data = encoded(gradient())
    expected = await finish(data, width=256, height=256)
    first = child()

    assert await asyncio.gather(*[finish(data, width=256, height=256) for _ in range(6)]) == [expected] * 6
    assert child() == first


async def test_refusal_comes_through_as_it_is():
    with pytest.raises(UnusablePictureError, match="JSON"):
        await finish(b'{"error": "n\xc3\xa3o"}', width=256, height=256)


async def test_finishing_ends_at_once_when_it_is_cancelled_and_the_next_is_finished():
    await finish(encoded(gradient()), width=256, height=256)
    stuck = child()
    os.kill(stuck, signal.SIGSTOP)  # as good as a decoder that does not come back
    task = asyncio.create_task(finish(encoded(gradient()), width=256, height=256))
    waiting = asyncio.create_task(finish(encoded(gradient()), width=256, height=256))
    await asyncio.sleep(0.1)

    task.cancel()

    assert await waiting
    assert task.cancelled()
    assert child() != stuck


async def test_process_that_is_killed_from_outside_costs_no_picture():
    await finish(encoded(gradient()), width=256, height=256)
    first = child()
    os.kill(first, signal.SIGSTOP)
    task = asyncio.create_task(finish(encoded(gradient()), width=256, height=256))
    await asyncio.sleep(0.1)

    os.kill(first, signal.SIGKILL)

    assert await task


async def test_picture_that_ends_the_process_each_time_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("retrato.imaging.process._COMMAND", (sys.executable, "-c", "import os; os.abort()"))
    finishing._finisher.close()

    with pytest.raises(UnusablePictureError, match="SIGABRT"):
        await finish(encoded(gradient()), width=256, height=256)


async def test_picture_waits_while_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("retrato.imaging.process._START_AGAIN_S", 0.01)
    finishing._finisher.close()
    with monkeypatch.context() as out_of_files:
        out_of_files.setattr("retrato.imaging.process._COMMAND", ("/nowhere/python",))
        task = asyncio.create_task(finish(encoded(gradient()), width=256, height=256))
        await asyncio.sleep(0.1)
        assert not task.done()

    assert await task


async def test_process_sees_no_secret_and_outlives_the_signals_that_are_for_the_daemon(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "hf_canary")
    finishing._finisher.close()
    await finish(encoded(gradient()), width=256, height=256)
    pid = child()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)

    assert await finish(encoded(gradient()), width=256, height=256)
    assert child() == pid
    assert b"canary" not in of_child("environ")


def test_program_ends_while_a_picture_is_decoded_and_takes_the_process_with_it(tmp_path: Path):
    (tmp_path / "picture").write_bytes(encoded(gradient(), "PNG"))
    program = """
import asyncio, os, pathlib, signal, sys
from retrato.imaging import finish as finishing
data = pathlib.Path(sys.argv[1]).read_bytes()
async def main():
    await finishing.finish(data, width=256, height=256)
    pid = finishing._finisher._child.process.pid
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(finishing.finish(data, width=256, height=256))
    await asyncio.sleep(0.1)
    print(pid)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "picture"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert not Path(f"/proc/{int(done.stdout)}").exists()
