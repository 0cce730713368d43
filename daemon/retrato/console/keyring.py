"""The console's token: compared in constant time, kept by browsers as a signed cookie, guessed only slowly."""

import hashlib
import hmac
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import TypeVar

_Kept = TypeVar("_Kept")

SESSION_S = 7 * 24 * 3600
"""How long a login lasts."""

_WINDOW_S = 60.0
_GUESSES_OF_A_STRANGER = 5
_GUESSES_OF_A_FRIEND = 50
"""Behind one proxy everybody has one address: who mistypes there must not shut the others out at once."""
_GUESSES_OF_ALL = 100
"""Of all strangers together, however many addresses they have."""
_FRIEND_S = 24 * 3600.0
_MOST_PEERS = 10_000
_FEWEST_CHARACTERS = 6
"""Of 16 random hexadecimal digits, the shortest token, fewer are different once in 30,000 times."""


class Keyring:
    """
    Knows the token, and who has guessed wrongly. *clock* is monotonic, *wall* seconds since 1970.

    A peer is an address. Strangers have few guesses a minute, each and all together; a friend, from where the
    right token came within a day, has more of its own and does not depend on others. Logins are not slowed at all.

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
        self._guesses_of_all: deque[float] = deque(maxlen=_GUESSES_OF_ALL)
        self._friends: OrderedDict[str, float] = OrderedDict()

    def opens(self, offered: str, *, peer: str) -> bool:
        """Whether *offered* is the token; a wrong one is counted against *peer*."""
        # Hashes have one length: the time tells nothing about the token's.
        is_right = hmac.compare_digest(_hash(offered.encode(errors="replace")), _hash(self._token))
        if is_right:
            _keep(self._friends, peer, self._clock())
        else:
            self._note_guess(peer)
        return is_right

    def wait_s(self, peer: str) -> float:
        """For how many seconds *peer* may not try again, after too many wrong ones within a minute."""
        guesses = self._guesses.get(peer, ())
        if self._is_friend(peer):
            return self._wait_s(guesses, _GUESSES_OF_A_FRIEND)
        return max(
            self._wait_s(guesses, _GUESSES_OF_A_STRANGER), self._wait_s(self._guesses_of_all, _GUESSES_OF_ALL)
        )

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

    def _is_friend(self, peer: str) -> bool:
        return self._clock() - self._friends.get(peer, -math.inf) < _FRIEND_S

    def _wait_s(self, guesses: Sequence[float], free: int) -> float:
        """Until fewer than *free* of the *guesses*, by time, are younger than a minute."""
        return max(0.0, guesses[-free] + _WINDOW_S - self._clock()) if len(guesses) >= free else 0.0

    def _note_guess(self, peer: str) -> None:
        guesses = self._guesses.get(peer, deque(maxlen=_GUESSES_OF_A_FRIEND))
        guesses.append(self._clock())
        _keep(self._guesses, peer, guesses)
        if not self._is_friend(peer):
            self._guesses_of_all.append(self._clock())


def _keep(peers: OrderedDict[str, _Kept], peer: str, value: _Kept) -> None:
    """Put *value* in the newest place; the oldest goes where there are too many."""
    peers[peer] = value
    peers.move_to_end(peer)
    if len(peers) > _MOST_PEERS:
        peers.popitem(last=False)


def is_weak(token: str) -> bool:
    """Whether *token*, which is long enough, can be guessed all the same: few different characters."""
    return len(set(token)) < _FEWEST_CHARACTERS


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
