"""JPEG: what is needed of the file, how many scans it has, and whether they are all there (ITU-T T.81)."""

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.limits import MAX_PARTS, check_size

MAX_SCANS = 30
"""
Each scan goes over the whole picture again, whatever it weighs.

libjpeg writes 10 for a progressive picture (18 with four colours), optimisers not many more.
"""

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_RESTART_INTERVAL = 0xDD
_END = 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF = 0xE1
# Tables and, for the colours' sake, JFIF's and Adobe's segments. The rest (profiles, comments, further pictures
# behind the first) is nothing to us, and a stranger's bytes less to parse.
_KEPT = frozenset({0xC4, 0xCC, 0xDB, _START_OF_SCAN, _RESTART_INTERVAL, 0xE0, 0xEE}) | _FRAMES
# Inside a scan FF 00 is a byte of data and FF D0 … FF D7 are restarts.
_MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])", re.DOTALL)
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

# A byte of ones, as it stands in coded data. No code consists of ones alone, so a decoder that is fed with them
# learns no more than a block or two; libjpeg looks eight bytes ahead.
_ONES = b"\xff\x00"
_LOOK_AHEAD = 8
_IDLE = 8
"""So many bytes in a row that are taken at once have been skipped: a block of ones would take more than two."""


@dataclass(slots=True)
class _Scan:
    """Its coefficients are *first* … *last* of each of *components*, down to *lowest_bit*."""

    components: bytes
    first: int
    last: int
    lowest_bit: int
    restart_interval: int
    data: bytes


@dataclass(slots=True)
class _File:
    """``coded`` is the file without its end and without what is not needed."""

    coded: list[bytes] = field(default_factory=lambda: [_SOI])
    exif: bytes | None = None
    frame: bytes = b""
    scans: list[_Scan] = field(default_factory=list)


def read_jpeg(data: bytes) -> tuple[Image.Image, bytes | None]:
    """
    Decode *data*; also its EXIF block, where it has one.

    Raises:
        UnusablePictureError: too large, too many scans, or cut off.
        Exception: whatever Pillow raises for a damaged file.

    """
    file = _parse(data)
    coded = b"".join(file.coded)
    picture = JpegImageFile(io.BytesIO(coded + _EOI))
    check_size(picture.size)
    is_whole = _covers(file) and all(_is_long_enough(scan, file.frame) for scan in file.scans)
    if not is_whole or not _is_decoded(picture, coded, has_one_scan=len(file.scans) == 1):
        raise UnusablePictureError(f"the JPEG of {len(data)} bytes is damaged: it breaks off; wanted: a whole one")
    return picture, file.exif


def _parse(data: bytes) -> _File:
    file = _File()
    restart_interval = 0
    for marker, start, end in _segments(data):
        body = data[start:end]
        if marker == _EXIF and file.exif is None and body[2:8] == b"Exif\0\0":
            file.exif = body[2:]
        if marker in _FRAMES and not file.frame:
            file.frame = body
        if marker == _RESTART_INTERVAL:
            restart_interval = int.from_bytes(body[2:4], "big")
        if marker in _KEPT:
            file.coded += (bytes((0xFF, marker)), body)
        if marker != _START_OF_SCAN:
            continue
        if len(file.scans) == MAX_SCANS:
            raise UnusablePictureError(f"a JPEG of more than {MAX_SCANS} scans came; wanted: no more")
        scan = data[end : _end_of_scan(data, end)]
        components = body[3 : 3 + 2 * body[2] : 2]
        file.scans.append(_Scan(components, body[-3], body[-2], body[-1] & 15, restart_interval, scan))
        file.coded.append(scan)
    return file


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, begin (at the length) and end of each segment, up to the picture's end or the file's."""
    position = len(_SOI)
    for _ in range(MAX_PARTS):
        found = _MARKER.search(data, position)
        if found is None or found[1][0] == _END:
            return
        start = found.end()
        position = start + max(2, int.from_bytes(data[start : start + 2], "big"))
        if position > len(data):
            return
        yield found[1][0], start, position
    raise UnusablePictureError(f"a JPEG of more than {MAX_PARTS} segments came; wanted: no more")


def _end_of_scan(data: bytes, start: int) -> int:
    found = _MARKER.search(data, start)
    end = found.start() if found is not None else len(data) - data.endswith(b"\xff")
    # One behind the data restarts nothing, and would keep the decoder from asking for what is missing.
    while end - 2 >= start and _RESTART.fullmatch(data, end - 2, end):
        end -= 2
    return end


def _covers(file: _File) -> bool:
    """Whether the scans bring every coefficient of every component to its last bit."""
    missing = {(name, place) for name in file.frame[8::3] for place in range(64)}
    for scan in file.scans:
        sent = {(name, place) for name in scan.components for place in range(scan.first, scan.last + 1)}
        missing = missing | sent if scan.lowest_bit else missing - sent
    return bool(file.scans) and not missing


def _is_long_enough(scan: _Scan, frame: bytes) -> bool:
    """
    Whether *scan* can be whole, where the decoder does not tell.

    A part that is missing between two restarts is left grey, and first coefficients may take one bit a block.
    """
    height, width = (int.from_bytes(frame[at : at + 2], "big") for at in (3, 5))
    factors = {name: divmod(both, 16) for name, both in zip(frame[8::3], frame[9::3], strict=True)}
    widest, highest = (max(factor[side] for factor in factors.values()) for side in (0, 1))
    if len(scan.components) == 1:
        across, down = factors[scan.components[0]]
        blocks = units = math.ceil(width * across / widest / 8) * math.ceil(height * down / highest / 8)
    else:
        units = math.ceil(width / widest / 8) * math.ceil(height / highest / 8)
        blocks = units * sum(math.prod(factors[name]) for name in scan.components)
    restarts = len(_RESTART.findall(scan.data))
    bits = 8 * (len(scan.data) - 2 * restarts - scan.data.count(_ONES))
    wanted_restarts = (units - 1) // scan.restart_interval if scan.restart_interval else 0
    return restarts == wanted_restarts and (scan.first > 0 or bits >= blocks)


def _is_decoded(picture: JpegImageFile, coded: bytes, *, has_one_scan: bool) -> bool:
    """
    Decode *coded* into *picture*; whether it sufficed.

    libjpeg fills up with grey what is missing before an end mark, and tells nobody. So it gets the end mark only
    when it has nothing more to decode. A picture of one scan is finished by its last row. One of many is decoded
    up to its end first: what comes behind the last scan is skipped at once, while a scan that is not over waits
    for enough bits for a block.
    """
    tile = picture.tile.pop()
    picture.load_prepare()
    decoder = Image._getdecoder(picture.mode, tile.codec_name, tile.args, picture.decoderconfig)  # noqa: SLF001
    decoder.setimage(picture.im, tile.extents)
    rest, idle = coded + _LOOK_AHEAD * _ONES, 0
    for _ in range(2 if has_one_scan else 5 * _IDLE):
        used, error = decoder.decode(rest)
        if used < 0:
            _raise_if(error)
            return True
        idle = idle + 1 if used == len(rest) else 0
        rest = rest[used:] + _ONES
    if has_one_scan or idle < _IDLE:
        return False
    used, error = decoder.decode(_EOI)
    _raise_if(error)
    return used < 0


def _raise_if(error: int) -> None:
    if error:
        raise OSError(f"libjpeg found the coded data broken ({error})")
