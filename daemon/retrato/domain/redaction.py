"""
Secrets taken out of texts, however they are written there.

Servers echo a key as it was sent, percent-encoded, in base64 (alone or inside ``user:key``), in hex, with escapes,
or broken by blanks, quotes and line ends. So a text is compared without everything that is no ASCII letter or
digit, and without case; and of a longer secret a piece is enough.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, unquote

MARK = "[secret]"

_SHORTEST = 6
"""Shorter ones would take ordinary words away."""
_PIECE, _MIXED_PIECE = 12, 8
"""Characters of a secret that give it away; fewer are enough where letters and digits mix, as in no word."""
_PROBE = 4
"""A piece that is as long has at least one probe at each fifth place: so few are looked up in an innocent text."""
_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")
_ESCAPE = re.compile(r"(?:%|\\+x|\\+u00|&#x|0x)([0-9A-Fa-f]{2});?|&#(\d{2,3});|\\+[nrt]")
_ESCAPED_TWICE = 3

_LARGEST_PORT = 65535
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HOSTS = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.%]+\])?(?::(\d{1,5}))?")
_PLAIN = re.compile(r"[\w.-]*")
_TOLD = {
    *(
        "application_name",
        "connect_timeout",
        "database",
        "dbname",
        "host",
        "pgbouncer",
        "port",
        "sslcert",
        "sslkey",
    ),
    *("sslmode", "sslrootcert", "target_session_attrs", "user"),
}
"""Parameters of an address that hold no secret."""


class Redactor:
    """
    Takes *secrets* out of texts and writes *mark* in their place.

    Those of fewer than *shortest* characters are left where they are.
    """

    def __init__(self, secrets: Iterable[str], *, mark: str = MARK, shortest: int = _SHORTEST) -> None:
        self._mark = mark
        known = sorted({secret for secret in secrets if secret and len(secret) >= shortest}, key=len, reverse=True)
        literal = [re.escape(form) for secret in known for form in {secret, quote(secret, safe="")}]
        self._literal = re.compile("|".join(literal), re.IGNORECASE) if literal else None
        self._pieces = {piece for secret in known for piece in _pieces(secret)}
        self._lengths = sorted({len(piece) for piece in self._pieces})
        self._probes = {piece[at : at + _PROBE] for piece in self._pieces for at in range(len(piece) - _PROBE + 1)}

    def clean(self, text: str) -> str:
        """*text* without the secrets."""
        if self._literal is None:
            return text
        text = self._literal.sub(self._mark, text)
        return self._without_pieces(text) if self._is_suspicious(text) else text

    def _is_suspicious(self, text: str) -> bool:
        """Whether *text* may hold a piece of a secret; nearly always not, and this is quickly told."""
        for _ in range(_ESCAPED_TWICE):
            text = _ESCAPE.sub(_character, text)
        bare = _SEPARATORS.sub("", text).lower()
        return any(bare[at : at + _PROBE] in self._probes for at in range(0, len(bare), _MIXED_PIECE - _PROBE + 1))

    def _without_pieces(self, text: str) -> str:
        characters = [(character, at, at + 1) for at, character in enumerate(text)]
        for _ in range(_ESCAPED_TWICE):
            characters = _decoded(characters)
        bare = [(c.lower(), start, end) for c, start, end in characters if c.isascii() and c.isalnum()]
        said = "".join(character for character, _, _ in bare)
        found = [
            (bare[at][1], bare[at + length - 1][2])
            for length in self._lengths
            for at in range(len(said) - length + 1)
            if said[at : at + length] in self._pieces
        ]
        for start, end in _joined(found):
            text = text[:start] + self._mark + text[end:]
        return text


def secrets_in_address(address: str) -> list[str]:
    """
    The passwords in a database's *address*, as written and decoded, with their pieces where they break it.

    One that is an ordinary word, or the user's name, is none: without it logs could not be read.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return [address]
    user, _, password = found[2].rpartition("@")[0].partition(":")
    told = [value for name, value in parse_qsl(found[2].partition("?")[2]) if "pass" in name.lower()]
    told += [found[2].partition("password=")[2], password]
    told += [piece for one in told for piece in re.split(r"[@/?#&:]", one)]
    told += [unquote(one) for one in told]
    return list(dict.fromkeys(one for one in told if one != user and _is_telling(one)))


def address_without_secrets(address: str) -> str:
    """
    A database's *address* for people: scheme, user, hosts, name and harmless parameters.

    Where its password breaks it, nobody can tell where that ends: only what surely is none of it is shown.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return MARK
    scheme, rest = found.groups()
    before, at, place = rest.rpartition("@")
    if {"?", "#"} & set(before):
        return f"{scheme}://{MARK}"
    user, colon, _ = before.partition(":")
    who = (user if _PLAIN.fullmatch(user) else MARK) + (colon and f":{MARK}") + at
    place, _, query = place.partition("?")
    hosts, slash, name = place.partition("/")
    hosts = hosts if all(_is_host(host) for host in hosts.split(",")) else MARK
    name = name if _PLAIN.fullmatch(name) else MARK
    shown = [pair if pair.partition("=")[0] in _TOLD else _hidden(pair) for pair in query.split("&") if query]
    return f"{scheme}://{who}{hosts}{slash}{name}" + ("?" + "&".join(shown) if shown else "")


def _pieces(secret: str) -> Iterator[str]:
    """What of *secret*, bare, gives it away: of each form all pieces that are long enough, or the whole."""
    data = secret.encode(errors="surrogatepass")
    for form in (_bare(secret), data.hex(), *map(_bare, _in_base64(data))):
        if len(form) >= _PIECE:
            yield from (form[at : at + _PIECE] for at in range(len(form) - _PIECE + 1))
        elif len(form) >= _MIXED_PIECE:
            yield form
    form = _bare(secret)
    if len(form) >= _PIECE:
        pieces = (form[at : at + _MIXED_PIECE] for at in range(len(form) - _MIXED_PIECE + 1))
        yield from (piece for piece in pieces if not piece.isalpha() and not piece.isdigit())


def _in_base64(data: bytes) -> Iterator[str]:
    """The characters that *data* alone decides, for each place in a group of three at which it may begin."""
    for before in range(3):
        whole = b64encode(b"\0" * before + data).decode().rstrip("=")
        yield whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text).lower()


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return chr(int(escape[2])) if escape[2] else " "


def _decoded(characters: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Each escape as the character that it stands for, with where in the text that begins and ends."""
    text = "".join(character for character, _, _ in characters)
    decoded: list[tuple[str, int, int]] = []
    done = 0
    for escape in _ESCAPE.finditer(text):
        decoded += characters[done : escape.start()]
        decoded.append((_character(escape), characters[escape.start()][1], characters[escape.end() - 1][2]))
        done = escape.end()
    return decoded + characters[done:]


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """*spans* that touch or overlap as one, the last first."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined[::-1]


def _is_telling(password: str) -> bool:
    return len(password) >= (_PIECE if password.isalpha() else _MIXED_PIECE)


def _is_host(text: str) -> bool:
    found = _HOSTS.fullmatch(text)
    return found is not None and int(found[1] or 0) <= _LARGEST_PORT


def _hidden(pair: str) -> str:
    """A parameter whose value may be a secret: its name is shown where it is one of the driver's."""
    name = pair.partition("=")[0]
    return f"{name}={MARK}" if name in {"password", "sslpassword", "passfile", "options"} else MARK
