"""From bytes that came from outside to an upright RGB picture, or a refusal that says why."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.orientation import orientation_of
from retrato.imaging.sniff import Format, describe, sniff

MAX_BYTES = 20_000_000
"""Far above any portrait (1024 x 1024 as PNG: under 3 MB); providers' downloads stop there too."""
MAX_PIXELS = 25_000_000
"""Declared width times height, e.g. 5000 x 5000: 75 MB once decoded."""
MIN_SIDE = 256
"""Smaller ones are icons, placeholders or tracking pixels."""

# The classes are called directly: Image.open() would try other formats and warn of large pictures, while
# here the declared size is judged first. Opening reads headers only.
_OPENERS: dict[Format, Callable[[io.BytesIO], ImageFile]] = {
    Format.JPEG: JpegImageFile,
    Format.PNG: PngImageFile,
    Format.WEBP: WebPImageFile,
    Format.AVIF: AvifImageFile,
}

# Pillow promises no common error for damaged input: fuzzing 13.0 with 1.5 million files gave OSError,
# SyntaxError, ValueError, RuntimeError, ZeroDivisionError, AttributeError and DecompressionBombError; the
# others are near. Warning is among them because `python -W error` raises Pillow's own.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
    AssertionError,
    AttributeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(data: bytes) -> Image.Image:
    """
    Decode *data* completely: RGB, 8 bits, upright, first frame, transparency on white, no metadata.

    An embedded colour profile is dropped unused: image models write sRGB, and profiles are parsed by C code
    that strangers' bytes should not reach.

    Raises:
        UnusablePictureError: no picture, damaged, too large, too small; says what was seen and wanted.

    """
    if len(data) > MAX_BYTES:
        raise UnusablePictureError(f"{len(data)} bytes came; at most {MAX_BYTES} are wanted")
    format_ = sniff(data)
    if format_ is None:
        wanted = ", ".join(Format)
        raise UnusablePictureError(f"{describe(data)} came instead of a picture; wanted: {wanted}")
    try:
        picture = _OPENERS[format_](io.BytesIO(data))
        _check_size(picture.size)
        picture.load()
        if format_ is Format.PNG and b"IEND" not in data[-1024:]:
            # Pillow takes a PNG without its end; in the other formats it notices every missing byte.
            raise UnusablePictureError(f"the PNG of {len(data)} bytes breaks off; wanted: one with its IEND chunk")
        upright = _to_rgb(picture)
        turn = _UPRIGHT.get(orientation_of(picture.info.get("exif")))
        if turn is not None:
            upright = upright.transpose(turn)
    except _DECODER_ERRORS as error:
        seen = f"{type(error).__name__}: {error}"[:200]
        raise UnusablePictureError(
            f"the {format_} of {len(data)} bytes is damaged ({seen}); wanted: one that decodes completely"
        ) from error
    upright.info.clear()
    return upright


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise UnusablePictureError(f"{width} x {height} pixels came; at most {MAX_PIXELS} in all are wanted")
    if min(width, height) < MIN_SIDE:
        raise UnusablePictureError(f"{width} x {height} pixels came; at least {MIN_SIDE} a side are wanted")


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16-bit grey; convert() alone would clip everything above 255 to white.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    # A copy where the mode is RGB already, so that nothing of the file hangs on it.
    return picture.convert("RGB")
