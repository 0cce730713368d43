"""WebP: the picture's own chunks (RFC 9649)."""

import io
import struct
from collections.abc import Iterator
from itertools import repeat

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.limits import MAX_PARTS, check_size

_HEADER = 12
_BEFORE_PICTURE = frozenset({b"VP8X", b"ANIM", b"ALPH"})
_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ANMF"})


def read_webp(data: bytes) -> tuple[Image.Image, bytes | None]:
    """
    Decode *data*, of an animation the first frame; also its EXIF block, where it has one.

    Only the chunks of the picture itself go to the decoder, so nothing behind them matters: no further frame, no
    profile, no cut text, no wrong length of the whole.

    Raises:
        UnusablePictureError: too large, too many chunks, or cut off.
        Exception: whatever Pillow raises for a damaged file.

    """
    needed: list[bytes | memoryview] = []
    exif, is_complete = None, False
    for kind, body in _chunks(data):
        if kind == b"EXIF" and exif is None:
            exif = bytes(body)
        if not is_complete and kind in _BEFORE_PICTURE | _PICTURE:
            needed += (kind, struct.pack("<I", len(body)), body, bytes(len(body) % 2))
            is_complete = kind in _PICTURE
    if not is_complete:
        raise UnusablePictureError(f"the WebP of {len(data)} bytes is damaged: it breaks off; wanted: a whole one")
    chunks = b"".join(needed)
    picture = WebPImageFile(io.BytesIO(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks))
    check_size(picture.size)
    picture.load()
    return picture, exif


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Type and body of each chunk that is there to its end."""
    position = _HEADER
    for _ in repeat(None, MAX_PARTS):
        if position + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if end > len(data):
            return
        yield kind, memoryview(data)[position + 8 : end]
        position = end + length % 2
    raise UnusablePictureError(f"a WebP of more than {MAX_PARTS} chunks came; wanted: no more")
