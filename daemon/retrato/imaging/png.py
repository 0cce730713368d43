"""PNG: the picture's own chunks, and whether its rows are all there (ISO/IEC 15948)."""

import io
import struct
import zlib
from collections.abc import Iterator
from itertools import repeat

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.limits import MAX_PARTS, check_size

_SIGNATURE = 8
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# First column and row, and the steps to the next, of Adam7's seven passes.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 1 << 18


def read_png(data: bytes) -> tuple[Image.Image, bytes | None]:
    """
    Decode *data*, of an animation the still picture in it; also its EXIF block, where it has one.

    Texts, profiles and further frames are left out unread: neither their checksums nor what they would unpack to
    matter. Neither does a missing end.

    Raises:
        UnusablePictureError: too large, too many chunks, a wrong checksum, or cut off.
        Exception: whatever Pillow raises for a damaged file.

    """
    head: list[bytes] = []
    rows: list[memoryview] = []
    exif = None
    for kind, body, checksum in _chunks(data):
        if kind == b"eXIf":
            exif = bytes(body)
        if kind not in _NEEDED:
            continue
        is_right = checksum is None or checksum == zlib.crc32(body, zlib.crc32(kind))
        if not is_right and kind != b"tRNS":  # one may do without that
            raise UnusablePictureError(
                f"the PNG of {len(data)} bytes is damaged: {kind.decode()} has not its checksum; wanted: it has"
            )
        if kind == b"IDAT":
            rows.append(body)
        elif is_right:
            head.append(_chunk(kind, body))
    coded = b"".join(rows)
    file = b"".join((data[:_SIGNATURE], *head, _chunk(b"IDAT", coded), _chunk(b"IEND", b"")))
    picture = PngImageFile(io.BytesIO(file))
    check_size(picture.size)
    picture.load()
    if not _has_last_row(picture) and _unpacked(coded, _needed(head[0])) < _needed(head[0]):
        raise UnusablePictureError(f"the PNG of {len(data)} bytes is damaged: it breaks off; wanted: a whole one")
    return picture, exif


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int | None]]:
    """Type, body and checksum (None where the file ends before it) of each chunk whose body is there."""
    view = memoryview(data)
    position = _SIGNATURE
    for _ in repeat(None, MAX_PARTS):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end > len(data) or kind == b"IEND":
            return
        checksum = int.from_bytes(view[end : end + 4], "big") if end + 4 <= len(data) else None
        yield kind, view[position + 8 : end], checksum
        position = end + 4
    raise UnusablePictureError(f"a PNG of more than {MAX_PARTS} chunks came; wanted: no more")


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def _has_last_row(picture: Image.Image) -> bool:
    """Whether anything stands in the row that is decoded last: Pillow leaves those that are missing zero."""
    bottom = picture.height - 1 - (picture.height % 2 if picture.info.get("interlace") else 0)
    return any(picture.crop((0, bottom, picture.width, bottom + 1)).tobytes())


def _needed(header: bytes) -> int:
    """How many bytes all rows are, each with its filter, by the IHDR chunk."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", header, 8)
    bits = depth * _CHANNELS[colour]
    total = 0
    for left, top, across, down in _PASSES if interlace else ((0, 0, 1, 1),):
        columns, rows = (width - left + across - 1) // across, (height - top + down - 1) // down
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 else 0
    return total


def _unpacked(coded: bytes, most: int) -> int:
    """How many bytes *coded* unpacks to, counted up to *most*."""
    unpacker = zlib.decompressobj()
    total = 0
    while total < most and (piece := unpacker.decompress(coded, _PIECE)):
        total += len(piece)
        coded = unpacker.unconsumed_tail
    return total
