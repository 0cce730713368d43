"""
What goes over the wire between a client and Postgres, as far as the proxy must understand it.

See postgresql.org/docs/current/protocol-message-formats.html.
"""

import asyncio
from dataclasses import dataclass, field

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104


@dataclass(slots=True)
class LostCommit:
    """Of which statement nobody hears that it was committed: the *nth* with *text* in it."""

    text: str
    nth: int
    then_cut: bool
    happened: asyncio.Event = field(default_factory=asyncio.Event)


class Conversation:
    """What the client of one connection says, and which statement's commit gets lost."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, str] = {}
        self._is_in_transaction = False
        self._lost_at_commit: LostCommit | None = None

    def hear(self, message: bytes, loses: LostCommit | None) -> LostCommit | None:
        """The loss that begins with *message*; from here on the client hears nothing."""
        statement = self._statement(message)
        match statement.strip(" ;\n").partition(" ")[0].lower():
            case "begin":
                self._is_in_transaction = True
            case "commit" | "rollback":
                self._is_in_transaction = False
                lost, self._lost_at_commit = self._lost_at_commit, None
                return lost
        if loses is None or loses.text not in statement:
            return None
        loses.nth -= 1
        if loses.nth != 0:
            return None
        if self._is_in_transaction:
            self._lost_at_commit = loses
            return None
        return loses

    def _statement(self, message: bytes) -> str:
        """The text of the statement that *message* runs; empty for all other messages."""
        kind, body = message[:1], message[5:]
        match kind:
            case b"P":
                name, text = body.split(b"\0")[:2]
                self._prepared[name] = text.decode(errors="replace")
            case b"Q":
                return body.rstrip(b"\0").decode(errors="replace")
            case b"B":
                return self._prepared.get(body.split(b"\0")[1], "")
        return ""


def asks_for_encryption(opening: bytes) -> bool:
    """Is *opening* the question that is answered by a single byte, before the connection really begins?"""
    return int.from_bytes(opening[4:8]) in {_SSL_REQUEST, _GSS_REQUEST}


async def read_message(reader: asyncio.StreamReader, *, typed: bool = True) -> bytes:
    """One message; only the first ones of a connection are not *typed*."""
    head = await reader.readexactly(5 if typed else 4)
    length = int.from_bytes(head[-4:])
    return head + await reader.readexactly(length - 4)
