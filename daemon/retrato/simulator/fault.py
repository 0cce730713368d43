"""What a scripted fault is. The named ones, with the providers' literal bodies, are in ``faults.py``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Where a fault bites. After all but ``ANSWER`` and ``CLOSE`` the picture is drawn and billed."""

    OK = "ok"
    ANSWER = "answer"
    """Answered at once with status, headers and body; nothing is drawn, nothing billed."""
    CLOSE = "close"
    """The connection is closed before the request body is read; nothing is drawn."""
    DELAY = "delay"
    """Waits ``seconds``, then all is well."""
    HANG = "hang"
    """Drawn and billed, but no header is ever sent."""
    VANISH = "vanish"
    """Drawn and billed, then the connection is closed without an answer."""
    STALL = "stall"
    """The body stops after ``size_bytes`` and the connection stays open."""
    CUT = "cut"
    """The body stops after ``size_bytes`` and the connection is closed."""
    PICTURE = "picture"
    """The answer is in order, the picture is not: see ``spoil``."""
    JOB = "job"
    """Accepted, then the job itself goes wrong: see ``job``."""


class Trouble(StrEnum):
    """What can go wrong with an accepted job."""

    NONE = ""
    FAILED = "failed"
    """Ends as failed; its result answers the fault's status and body. Not billed."""
    STUCK = "stuck"
    """Is worked on for ever. Not billed."""
    LOST = "lost"
    """Drawn and billed, but every later question about it answers 404."""
    FLAGGED = "flagged"
    """A checker strikes: ``has_nsfw_concepts`` is true and the picture black. Billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One thing that goes wrong with one request.

    ``body`` is sent as it is when it is text or bytes, and as JSON otherwise. ``spoil`` names a spoiler of
    ``pictures.py``, with its argument after a colon (``wrong_size:512x384``).
    """

    name: str
    kind: Kind = Kind.ANSWER
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    size_bytes: int = 0
    spoil: str = ""
    job: Trouble = Trouble.NONE

    def payload(self) -> tuple[bytes, str]:
        """Body and content type as they go over the wire."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            html = self.body.lstrip().startswith("<")
            return self.body.encode(), "text/html" if html else "text/plain"
        return json.dumps(self.body, separators=(",", ":")).encode(), "application/json"


OK = Fault(name="ok", kind=Kind.OK)
"""No fault: a place in a script where all goes well."""


def answer(status: int, body: Any, *, headers: Mapping[str, str] | None = None, name: str = "") -> Fault:
    """Answer *status* with *body* instead of doing any work."""
    return Fault(name=name or f"answer:{status}", status=status, body=body, headers=headers or {})


def delay(seconds: float) -> Fault:
    """All goes well, *seconds* late."""
    return Fault(name=f"delay:{seconds:g}", kind=Kind.DELAY, seconds=seconds)


def cut(size_bytes: int) -> Fault:
    """Close the connection after *size_bytes* of the body, at the latest one byte before its end."""
    return Fault(name=f"cut:{size_bytes}", kind=Kind.CUT, size_bytes=size_bytes)


def stall(size_bytes: int) -> Fault:
    """Send *size_bytes* of the body, at most all but one, and then nothing more."""
    return Fault(name=f"stall:{size_bytes}", kind=Kind.STALL, size_bytes=size_bytes)


def spoiled(spoil: str) -> Fault:
    """Answer in good order, with a picture that *spoil* has been at."""
    return Fault(name=spoil, kind=Kind.PICTURE, spoil=spoil)
