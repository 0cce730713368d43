"""The console's token: compared in constant time, kept by browsers as a signed cookie, guessed only slowly."""

import hashlib
import hmac
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Kept = TypeVar("_Kept")

SESSION_S = 7 * 24 * 3600
"""How long a login lasts after its last renewal, which comes with every answer once half of this time is over."""

_WINDOW_S = 60.0
_GUESSES_OF_A_STRANGER = 5
_GUESSES_OF_A_FRIEND = 50
"""Behind one proxy everybody has one address: who mistypes there must not slow the others' mistakes at once."""
_GUESSES_OF_ALL = 100
"""Of all strangers together, however many addresses they have."""
_FRIEND_S = 24 * 3600.0
_MOST_PEERS = 10_000
_LONGEST_ORIGIN = 300
_FEWEST_CHARACTERS = 6
"""Of 16 random hexadecimal digits, the shortest token, fewer are different once in 30,000 times."""


@dataclass(frozen=True, slots=True)
class Session:
    """
    One login of one browser.

    ``ends_at`` is in seconds since 1970; ``id`` stays the same when the login is renewed; ``origin`` is from where
    it logged in (``https://console.example``), as the browser said, or empty.
    """

    id: str
    ends_at: int
    origin: str


class Keyring:
    """
    Knows the token, and who has guessed wrongly. *clock* is monotonic, *wall* seconds since 1970.

    A peer is an address. Strangers have few guesses a minute, each and all together; a friend, from where the
    right token came within a day, has more of its own and does not depend on others. The right token and logins
    are never slowed.

    A login is ``<end>.<id>.<origin>.<signature>``: nothing is remembered, so that it holds at every replica with
    this token and after a restart, and ends with the token. What is logged out is remembered elsewhere, by its id.
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

    def matches(self, offered: str) -> bool:
        """Whether *offered* is the token."""
        # Hashes have one length: the time tells nothing about the token's.
        return hmac.compare_digest(_hash(offered.encode(errors="replace")), _hash(self._token))

    def opens(self, offered: str, *, peer: str) -> bool:
        """The same; a wrong one is counted against *peer*."""
        is_right = self.matches(offered)
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

    def session(self, origin: str = "") -> str:
        """A new login of a browser whose page comes from *origin*."""
        return self._issue(secrets.token_hex(16), origin if len(origin) <= _LONGEST_ORIGIN else "")

    def renewed(self, session: Session) -> str | None:
        """The same login with a new end; None while more than half of its time is left."""
        is_young = session.ends_at - self._wall() > SESSION_S / 2
        return None if is_young else self._issue(session.id, session.origin)

    def knows(self, session: str) -> bool:
        """Whether *session* is a login with this token whose time is not over."""
        return self.read(session) is not None

    def read(self, session: str) -> Session | None:
        """The login that the cookie *session* stands for; None where it is none of ours, or its time is over."""
        content, _, signature = session.rpartition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._sign(content).encode()):
            return None
        try:
            end, session_id, origin = content.split(".")
            read = Session(session_id, int(end), bytes.fromhex(origin).decode())
        except ValueError:
            return None
        return read if self.is_current(read) else None

    def is_current(self, session: Session) -> bool:
        """Whether the login's time is not over."""
        return session.ends_at > self._wall()

    def _issue(self, session_id: str, origin: str) -> str:
        end = int(self._wall()) + SESSION_S
        content = f"{end}.{session_id}.{origin.encode(errors='replace').hex()}"
        return f"{content}.{self._sign(content)}"

    def _sign(self, content: str) -> str:
        return hmac.new(self._token, f"retrato console {content}".encode(errors="replace"), "sha256").hexdigest()

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
