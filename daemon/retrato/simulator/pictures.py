"""Pictures as the providers send them: a face in some format, or one of the ways in which that goes wrong."""

import asyncio
import functools
import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from retrato.simulator.faces import draw_face, draw_pattern

_CACHED = 48
_MODEL_TAG, _EXIF_IFD, _USER_COMMENT = 0x010F, 0x8769, 0x9286

CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """
    A picture to be drawn: its bytes are a function of these fields and nothing else.

    Sizes in pixels. ``format`` is ``jpeg``, ``png`` or ``webp``. ``exif`` is written as the camera's model
    and as the user comment (Pollinations does so); ``spoil`` names what is wrong with the picture.
    """

    prompt: str
    seed: int
    width: int = 1024
    height: int = 1024
    format: str = "jpeg"
    quality: int = 88
    exif: tuple[str, str] | None = None
    logo: bool = False
    spoil: str = ""

    @property
    def content_type(self) -> str:
        """What the provider claims it to be; a spoiled picture may be something else."""
        return CONTENT_TYPES[self.format]


class Studio:
    """Draws shots off the event loop and keeps the latest ones."""

    def __init__(self, *, faces: bool) -> None:
        self._draw = draw_face if faces else draw_pattern
        self._cached = functools.lru_cache(maxsize=_CACHED)(self._develop)

    async def develop(self, shot: Shot) -> bytes:
        """The picture file. Same shot, same bytes."""
        return await asyncio.to_thread(self._cached, shot)

    def _develop(self, shot: Shot) -> bytes:
        name, _, argument = shot.spoil.partition(":")
        if name:
            return SPOILERS[name](self, shot, argument)
        return self._encode(shot, self._draw(shot.prompt, shot.seed, shot.width, shot.height))

    def _encode(self, shot: Shot, image: Image.Image) -> bytes:
        if shot.logo:
            _stamp(image)
        out = io.BytesIO()
        if shot.format == "jpeg" and shot.exif:
            image.save(out, "JPEG", quality=shot.quality, exif=_exif(*shot.exif))
        elif shot.format == "png":
            image.save(out, "PNG", compress_level=1)
        else:
            image.save(out, shot.format.upper(), quality=shot.quality, **_FAST.get(shot.format, {}))
        return out.getvalue()

    def _plain(self, shot: Shot, colour: str) -> bytes:
        return self._encode(shot, Image.new("RGB", (shot.width, shot.height), colour))

    def _sized(self, shot: Shot, size: str) -> bytes:
        width, height = (int(side) for side in size.split("x"))
        return self._develop(replace(shot, width=width, height=height, spoil=""))


_FAST: dict[str, dict[str, int]] = {"webp": {"method": 2}}


def _exif(model: str, comment: str) -> bytes:
    exif = Image.Exif()
    exif[_MODEL_TAG] = model
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"ASCII\0\0\0" + comment.encode()
    return exif.tobytes()


def _stamp(image: Image.Image) -> None:
    """The watermark of the legacy host: a bar at the bottom, under 26 % of the width (PROVIDERS.md, B.2)."""
    width, height = image.size
    tall = max(4, round(26 * height / 1024))
    box = (width * 3 // 4, height - tall - 4, width - 5, height - 5)
    ImageDraw.Draw(image).rectangle(box, fill="white", outline="black")


def _truncated(studio: Studio, shot: Shot, _: str) -> bytes:
    whole = studio._develop(replace(shot, spoil=""))  # noqa: SLF001 - spoilers are the studio's own
    return whole[: len(whole) * 2 // 3]


def _bomb(_studio: Studio, _shot: Shot, _: str) -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = zlib.compress(bytes(180_001))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _placeholder(studio: Studio, shot: Shot, _: str) -> bytes:
    """The same 1024 x 1024 JPEG whatever was asked (Pollinations PR #13102)."""
    image = Image.new("RGB", (1024, 1024), "#f4f1ea")
    draw = ImageDraw.Draw(image)
    for row in range(21):
        for column in range(21):
            if (row * 7 + column * 13 + row * column) % 3 == 0:
                left, top = 302 + column * 20, 302 + row * 20
                draw.rectangle((left, top, left + 19, top + 19), fill="#222222")
    return studio._encode(replace(shot, format="jpeg", exif=None, logo=False), image)  # noqa: SLF001


def _commented(studio: Studio, shot: Shot, _: str) -> bytes:
    comment = json.dumps({"prompt": shot.prompt, "seed": shot.seed})
    return studio._develop(replace(shot, format="jpeg", exif=("flux", comment), spoil=""))  # noqa: SLF001


def _in(image_format: str) -> "Callable[[Studio, Shot, str], bytes]":
    return lambda studio, shot, _: studio._develop(replace(shot, format=image_format, spoil=""))  # noqa: SLF001


SPOILERS: dict[str, Callable[[Studio, Shot, str], bytes]] = {
    "black": lambda studio, shot, _: studio._plain(shot, "black"),  # noqa: SLF001
    "uniform": lambda studio, shot, _: studio._plain(shot, "#7f7f7f"),  # noqa: SLF001
    "tiny": lambda studio, shot, _: studio._sized(shot, "8x8"),  # noqa: SLF001
    "wrong_size": lambda studio, shot, size: studio._sized(shot, size),  # noqa: SLF001
    "empty": lambda *_: b"",
    "truncated": _truncated,
    "bomb": _bomb,
    "placeholder": _placeholder,
    "exif": _commented,
    "webp": _in("webp"),
    "png": _in("png"),
}
