"""AVIF: decoded as it is; its boxes point into each other, so nothing is left out beforehand."""

import io

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile

from retrato.imaging.limits import check_size


def read_avif(data: bytes) -> tuple[Image.Image, bytes | None]:
    """
    Decode *data*, of a sequence the first frame; also its EXIF block, where it has one.

    Raises:
        UnusablePictureError: too large.
        Exception: whatever Pillow raises for a damaged file; it notices one that is cut.

    """
    picture = AvifImageFile(io.BytesIO(data))
    check_size(picture.size)
    picture.load()
    return picture, picture.info.get("exif")
