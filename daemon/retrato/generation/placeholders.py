"""
Pictures that stand for none: the same bytes for different prompts.

A host that is asked too often may answer with a fixed picture and status 200 (Pollinations, pull request #13102,
2026-08). Nothing in the picture tells; only that somebody else got it too.
"""

from collections import OrderedDict
from hashlib import blake2b

from retrato.domain.errors import UnusablePictureError

_REMEMBERED = 1000


class PlaceholderMemory:
    """What lately came back for which prompt; bounded, and of this process alone."""

    def __init__(self) -> None:
        self._prompts: OrderedDict[bytes, bytes] = OrderedDict()

    def check(self, data: bytes, prompt: str) -> None:
        """
        Remember *data* as the answer to *prompt*.

        Raises:
            UnusablePictureError: the same bytes were the answer to another prompt.

        """
        picture, asked = _digest(data), _digest(prompt.encode())
        before = self._prompts.setdefault(picture, asked)
        self._prompts.move_to_end(picture)
        if len(self._prompts) > _REMEMBERED:
            self._prompts.popitem(last=False)
        if before != asked:
            raise UnusablePictureError(
                "these bytes were the answer to another prompt too: a placeholder, no picture"
            )


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
