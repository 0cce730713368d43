"""Choices that look random and are the same every time."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

_Option = TypeVar("_Option")


class Dice:
    """
    Chooses by a hash of *seed* and the name of what is chosen.

    Each choice is made for itself: one more option in one table moves nothing in the others.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def roll(self, what: str, sides: int) -> int:
        """A number from 0 to *sides* - 1."""
        text = f"{what}:{self._seed}".encode(errors="surrogatepass")
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) % sides

    def choose(self, what: str, options: Sequence[_Option]) -> _Option:
        """One of *options*, each as likely as the others."""
        return options[self.roll(what, len(options))]

    def weigh(self, what: str, options: Sequence[_Option], share: Callable[[_Option], int]) -> _Option:
        """One of *options*, as likely as its *share* of all shares."""
        tickets = [option for option in options for _ in range(share(option))]
        return self.choose(what, tickets)
