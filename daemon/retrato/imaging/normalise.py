"""From any bytes to the two files that are kept: checked, of the wanted size, with a thumbnail."""

import hashlib

from PIL import Image, ImageOps

from retrato.domain.errors import UnusablePictureError
from retrato.domain.picture import Picture
from retrato.imaging.content import check_content
from retrato.imaging.decode import decode
from retrato.imaging.encode import encode_image, encode_thumbnail

_THUMBNAIL = (200, 200)


def finish_now(data: bytes, *, width: int, height: int) -> Picture:
    """
    Check *data*, of any format and size, and make it a JPEG of *width* x *height* pixels and its thumbnail.

    Another ratio is cropped at the centre, another size resized. The same input gives the same bytes.

    Raises:
        UnusablePictureError: *data* is no picture that may be kept; says what was seen and wanted.

    """
    try:
        picture = _fit(decode(data), (width, height))
        check_content(picture)
        image = encode_image(picture)
        thumbnail = encode_thumbnail(_fit(picture, _THUMBNAIL))
    except UnusablePictureError:
        raise
    except Exception as error:  # nothing but a lack of memory is known; no job may break on the rest
        raise UnusablePictureError(
            f"the picture of {len(data)} bytes could not be finished ({type(error).__name__}: {error})"
        ) from error
    return Picture(
        image=image,
        thumbnail=thumbnail,
        width=width,
        height=height,
        sha256=hashlib.sha256(image).hexdigest(),
    )


def _fit(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if picture.size == size:
        return picture
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
