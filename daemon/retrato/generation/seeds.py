"""The seed of a picture, from who, which version and which redraw: any version can be drawn again."""

import hashlib
import re
from uuid import UUID

_DIGITS = 9
_LARGEST_SEED = 2**31 - 1
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TIME_ORDERED = (6, 7)
"""UUID versions that begin with a clock: rows of one bulk insert would share their first nine digits."""


def seed_for(persona_id: str, *, version: int, redraw: int = 0) -> int:
    """
    The seed for *version* of a persona's picture, 0 … 2^31-1; *redraw* counts the pictures thrown away.

    Version 1, redraw 0 is what the replaced script used: the first nine digits of the persona's UUID
    (``768e7df2-fc61-424e-…`` gives 768726142), at most 999,999,999. Everything else is BLAKE2b over
    version, redraw and id: later versions, ids that are no UUID or have fewer than nine digits, and UUIDs
    ordered by time.
    """
    if version == 1 and redraw == 0:
        digits = _uuid_digits(persona_id)
        if len(digits) >= _DIGITS:
            return int(digits[:_DIGITS])
    text = f"{version}:{redraw}:{persona_id}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) & _LARGEST_SEED


def _uuid_digits(persona_id: str) -> str:
    """The decimal digits of a UUID in order; empty where the seed should not come from them."""
    if not _UUID.fullmatch(persona_id) or UUID(persona_id).version in _TIME_ORDERED:
        return ""
    return "".join(character for character in persona_id if character in "0123456789")
