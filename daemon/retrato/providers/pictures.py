"""Telling pictures from error texts, and taking pictures out of base64."""

import base64

_TEXT_STARTS = (b"{", b"[", b"<")


def looks_like_text(data: bytes) -> bool:
    """
    Whether *data* begins like JSON or HTML, whatever its headers say, or is empty.

    Answers with status 200 and an error text inside have been stored as pictures (OpenVoiceUI#470: 70 of
    64,131 files, seen 2026-08).
    """
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return not start or start.startswith(_TEXT_STARTS)


def from_base64(text: str) -> bytes:
    """
    The picture in *text*: base64, bare or as a ``data:`` URI.

    Raises:
        ValueError: it is no base64.

    """
    return base64.b64decode(text.rpartition(",")[2], validate=True)
