"""From what a provider returned to the picture that is kept: checked, normalised, with a thumbnail."""

import asyncio
import hashlib

from PIL import Image, ImageOps

from retrato.domain.picture import Picture
from retrato.imaging.content import check_content
from retrato.imaging.decode import decode
from retrato.imaging.encode import encode_image, encode_thumbnail

_THUMBNAIL = (200, 200)


async def finish(data: bytes, *, width: int, height: int) -> Picture:
    """
    :func:`finish_now` in a thread: decoding and encoding take tens of milliseconds of CPU.

    Raises:
        UnusablePictureError: *data* is no picture that may be kept; says what was seen and wanted.

    """
    return await asyncio.to_thread(finish_now, data, width=width, height=height)


def finish_now(data: bytes, *, width: int, height: int) -> Picture:
    """
    Check *data*, of any format and size, and make it a JPEG of *width* x *height* pixels and its thumbnail.

    Another ratio is cropped at the centre, another size resized. The same input gives the same bytes.

    Raises:
        UnusablePictureError: *data* is no picture that may be kept; says what was seen and wanted.

    """
    picture = _fit(decode(data), (width, height))
    check_content(picture)
    image = encode_image(picture)
    return Picture(
        image=image,
        thumbnail=encode_thumbnail(_fit(picture, _THUMBNAIL)),
        width=width,
        height=height,
        sha256=hashlib.sha256(image).hexdigest(),
    )


def _fit(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if picture.size == size:
        return picture
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
