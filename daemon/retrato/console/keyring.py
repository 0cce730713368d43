"""The console's token: compared in constant time, kept by browsers as a signed cookie, guessed only slowly."""

import hashlib
import hmac
import time
from collections import OrderedDict, deque
from collections.abc import Callable

SESSION_S = 7 * 24 * 3600
"""How long a login lasts."""

_FREE_GUESSES = 5
_WINDOW_S = 60.0
_MOST_PEERS = 10_000
_FEWEST_CHARACTERS = 6
"""Of 16 random hexadecimal digits, the shortest token, fewer are different once in 30,000 times."""


class Keyring:
    """
    Knows the token, and who has guessed wrongly. *clock* is monotonic, *wall* seconds since 1970.

    A login is ``<end>.<signature>``: nothing is remembered, so that it holds at every replica with this token
    and after a restart, and ends with the token.
    """

    def __init__(
        self,
        token: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._token = token.encode()
        self._clock = clock
        self._wall = wall
        self._guesses: OrderedDict[str, deque[float]] = OrderedDict()

    def opens(self, offered: str, *, peer: str) -> bool:
        """Whether *offered* is the token; a wrong one is counted against *peer*."""
        # Hashes have one length: the time tells nothing about the token's.
        is_right = hmac.compare_digest(_hash(offered.encode(errors="replace")), _hash(self._token))
        if not is_right:
            self._note_guess(peer)
        return is_right

    def wait_s(self, peer: str) -> float:
        """For how many seconds *peer* may not try again: after five wrong ones within a minute."""
        guesses = self._guesses.get(peer)
        if guesses is None:
            return 0.0
        while guesses and self._clock() - guesses[0] > _WINDOW_S:
            guesses.popleft()
        if len(guesses) < _FREE_GUESSES:
            return 0.0
        return _WINDOW_S - (self._clock() - guesses[0])

    def session(self) -> str:
        """A new login."""
        end = str(int(self._wall()) + SESSION_S)
        return f"{end}.{self._sign(end)}"

    def knows(self, session: str) -> bool:
        """Whether *session* is a login with this token that has not ended."""
        end, _, signature = session.partition(".")
        is_ours = hmac.compare_digest(signature.encode(errors="replace"), self._sign(end).encode())
        return is_ours and end.isascii() and end.isdigit() and int(end) > self._wall()

    def _sign(self, end: str) -> str:
        return hmac.new(self._token, f"retrato console until {end}".encode(errors="replace"), "sha256").hexdigest()

    def _note_guess(self, peer: str) -> None:
        guesses = self._guesses.setdefault(peer, deque(maxlen=_FREE_GUESSES))
        guesses.append(self._clock())
        self._guesses.move_to_end(peer)
        if len(self._guesses) > _MOST_PEERS:
            self._guesses.popitem(last=False)


def is_weak(token: str) -> bool:
    """Whether *token*, which is long enough, can be guessed all the same: few different characters."""
    return len(set(token)) < _FEWEST_CHARACTERS


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
