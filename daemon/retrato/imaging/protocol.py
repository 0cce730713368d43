"""What the daemon and the process that finishes its pictures say to each other, over one socket."""

import hashlib
import socket
import struct
from typing import BinaryIO, NamedTuple

from retrato.domain.errors import UnusablePictureError
from retrato.domain.picture import Picture

_REQUEST = struct.Struct(">III")
_REPLY = struct.Struct(">?II")
_LONGEST = 100_000_000
"""Bytes; far above any JPEG of the wanted size. Whoever asked for more would not be our own program any more."""


class EndedError(Exception):
    """The other side has gone."""


class Request(NamedTuple):
    """A picture of any kind, and the size in pixels that is wanted of it."""

    data: bytes
    width: int
    height: int


def send_request(line: socket.socket, request: Request) -> None:
    """Raise EndedError where nobody takes it."""
    _send(line, _REQUEST.pack(request.width, request.height, len(request.data)), request.data)


def receive_request(file: BinaryIO) -> Request:
    """Wait for the next one; raise EndedError when there is none any more."""
    width, height, length = _REQUEST.unpack(_receive(file, _REQUEST.size))
    return Request(_receive(file, length), width, height)


def send_reply(line: socket.socket, reply: Picture | UnusablePictureError) -> None:
    """Raise EndedError where nobody takes it."""
    is_picture = isinstance(reply, Picture)
    first, second = (reply.image, reply.thumbnail) if isinstance(reply, Picture) else (str(reply).encode(), b"")
    _send(line, _REPLY.pack(is_picture, len(first), len(second)), first, second)


def receive_reply(file: BinaryIO, request: Request) -> Picture:
    """
    The picture that *request* asked for.

    Raises:
        UnusablePictureError: the other side has refused it.
        EndedError: the other side has gone.

    """
    is_picture, *lengths = _REPLY.unpack(_receive(file, _REPLY.size))
    first, second = (_receive(file, length) for length in lengths)
    if not is_picture:
        raise UnusablePictureError(first.decode(errors="replace"))
    return Picture(
        image=first,
        thumbnail=second,
        width=request.width,
        height=request.height,
        sha256=hashlib.sha256(first).hexdigest(),
    )


def _send(line: socket.socket, *parts: bytes) -> None:
    try:
        for part in parts:
            line.sendall(part)
    except OSError as error:
        raise EndedError from error


def _receive(file: BinaryIO, length: int) -> bytes:
    try:
        data = file.read(length) if length <= _LONGEST else b""
    except OSError as error:
        raise EndedError from error
    if len(data) < length:
        raise EndedError
    return data
