"""What bytes are, told by the bytes themselves: providers' names and Content-Types are often wrong."""

import json
from enum import StrEnum

_TEXT_PREVIEW = 80


class Format(StrEnum):
    """Picture formats that are accepted."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    AVIF = "AVIF"


def sniff(data: bytes) -> Format | None:
    """The format that the first bytes announce; None for everything that is no accepted picture."""
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    # mif1 and msf1 are the containers' generic brands; what is in them shows when it is decoded.
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis", b"mif1", b"msf1"}:
        return Format.AVIF
    return None


def describe(data: bytes) -> str:
    """Name what came instead of a picture, for an error message: JSON, HTML and text with their beginning."""
    if not data:
        return "nothing (0 bytes)"
    head = data[: 4 * _TEXT_PREVIEW].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # A character cut in two at the very end is no sign of binary data.
        if error.start < len(head) - 3:
            return f"unknown bytes ({data[:12].hex(' ')} …)"
        text = head[: error.start].decode()
    if any(not character.isprintable() and not character.isspace() for character in text):
        return f"unknown bytes ({data[:12].hex(' ')} …)"
    return f"{_kind_of_text(data, text)} ({' '.join(text.split())[:_TEXT_PREVIEW]!r})"


def _kind_of_text(data: bytes, text: str) -> str:
    if text.startswith("<"):
        return "HTML or XML"
    if text.startswith(("{", "[")):
        return "JSON" if _is_json(data) else "text like JSON"
    return "text"


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
