"""From bytes that came from outside to an upright RGB picture, or a refusal that says why."""

from collections.abc import Callable

from PIL import Image

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.avif import read_avif
from retrato.imaging.jpeg import read_jpeg
from retrato.imaging.limits import MAX_BYTES
from retrato.imaging.orientation import orientation_of
from retrato.imaging.png import read_png
from retrato.imaging.sniff import Format, describe, sniff
from retrato.imaging.webp import read_webp

# Formats are never guessed: Image.open() would try others and warn of large pictures.
_READERS: dict[Format, Callable[[bytes], tuple[Image.Image, bytes | None]]] = {
    Format.JPEG: read_jpeg,
    Format.PNG: read_png,
    Format.WEBP: read_webp,
    Format.AVIF: read_avif,
}

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
    that strangers' bytes should not reach. Bytes behind the picture do not matter.

    Raises:
        UnusablePictureError: no picture, damaged, cut, too large, too small; says what was seen and wanted.

    """
    if len(data) > MAX_BYTES:
        raise UnusablePictureError(f"{len(data)} bytes came; at most {MAX_BYTES} are wanted")
    format_ = sniff(data)
    if format_ is None:
        wanted = ", ".join(Format)
        raise UnusablePictureError(f"{describe(data)} came instead of a picture; wanted: {wanted}")
    try:
        picture, exif = _READERS[format_](data)
        upright = _to_rgb(picture)
        turn = _UPRIGHT.get(orientation_of(exif))
        if turn is not None:
            upright = upright.transpose(turn)
    except UnusablePictureError:
        raise
    except Exception as error:  # Pillow promises no common error for damaged input, and raises about fifteen kinds
        seen = f"{type(error).__name__}: {error}"[:200]
        raise UnusablePictureError(
            f"the {format_} of {len(data)} bytes is damaged ({seen}); wanted: one that decodes completely"
        ) from error
    upright.info.clear()
    return upright


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16-bit grey; convert() alone would clip everything above 255 to white.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if picture.has_transparency_data:
        shown = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(shown, mask=shown)
        return white
    # A copy where the mode is RGB already, so that nothing of the file hangs on it.
    return picture.convert("RGB")
