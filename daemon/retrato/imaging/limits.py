"""What a picture may be, judged by its header: before anything is decoded, so that the work is bounded."""

from retrato.domain.errors import UnusablePictureError

MAX_BYTES = 20_000_000
"""Far above any portrait (1024 x 1024 as PNG: under 3 MB); providers' downloads stop there too."""
MAX_PIXELS = 8 * 1024 * 1024
"""
Declared width times height: eight times the 1024 x 1024 that are ordered.

A model that enlarges each side twice (2048 x 2048) or answers in 4K (3840 x 2160) is within; 32 MB once decoded.
"""
MIN_SIDE = 256
"""Smaller ones are icons, placeholders or tracking pixels."""
MAX_PARTS = 100_000
"""Segments or chunks of one file, in which a reader goes step by step: 20 MB in pieces of 200 bytes."""


def check_size(size: tuple[int, int]) -> None:
    """
    Refuse a declared *size* (width, height) that is beyond the limits.

    Raises:
        UnusablePictureError: it is; says what was seen and wanted.

    """
    width, height = size
    if width * height > MAX_PIXELS:
        raise UnusablePictureError(f"{width} x {height} pixels came; at most {MAX_PIXELS} in all are wanted")
    if min(width, height) < MIN_SIDE:
        raise UnusablePictureError(f"{width} x {height} pixels came; at least {MIN_SIDE} a side are wanted")
