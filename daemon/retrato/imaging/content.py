"""Is there anything on the picture? Safety checkers and broken models return black or uniform ones."""

from PIL import Image, ImageStat

from retrato.domain.errors import UnusablePictureError

_SAMPLE = (64, 64)
_BLACK_BELOW = 8
"""Brightest value, of 255, in any channel."""
_UNIFORM_BELOW = 2.0
"""Standard deviation, of 255, in every channel."""


def check_content(picture: Image.Image) -> None:
    """
    Refuse an RGB *picture* that is black or of one colour, judged on a sample of 64 x 64.

    Raises:
        UnusablePictureError: it is; says the values seen.

    """
    statistics = ImageStat.Stat(picture.resize(_SAMPLE, Image.Resampling.BOX))
    brightest = max(high for _, high in statistics.extrema)
    if brightest < _BLACK_BELOW:
        raise UnusablePictureError(
            f"the picture is black (brightest value {brightest} of 255); wanted: {_BLACK_BELOW} or more"
        )
    spread = max(statistics.stddev)
    if spread < _UNIFORM_BELOW:
        raise UnusablePictureError(
            f"the picture has one colour (standard deviation {spread:.2f}); wanted: {_UNIFORM_BELOW} or more"
        )
