"""
The one thing wanted from a stranger's EXIF: which side is up.

Read by hand, because Pillow's parser warns on damaged blocks and reads everything else too.
"""

import struct

_ORIENTATION_TAG = 0x0112
_ENTRY_BYTES = 12
_UPRIGHT = 1


def orientation_of(exif: bytes | None) -> int:
    """Orientation, 1 … 8, from an EXIF block with or without its ``Exif`` header; 1 where it is not told."""
    block = (exif or b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return _UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", block, 4)
        (entries,) = struct.unpack_from(f"{order}H", block, directory)
        for index in range(entries):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", block, directory + 2 + index * _ENTRY_BYTES)
            if tag == _ORIENTATION_TAG:
                return value if value in range(1, 9) else _UPRIGHT
    except struct.error:
        # The block ends before its directory does.
        return _UPRIGHT
    return _UPRIGHT
