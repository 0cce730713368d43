"""
The SQL files: found, read once, and rendered with the words of the host's mapping.

A file may hold words in braces, such as ``{personas}``. They stand for identifiers and expressions that
``store.host`` has checked against the catalogue and quoted; nothing else is ever pasted into SQL.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

BELL_KEY = 0x7265747261746F
"""Advisory lock that every enqueuing transaction holds, shared (decision 0002): "retrato" in ASCII."""

REPLICA_LOCK_CLASS = 0x72657472
"""First half of the two-part advisory lock of a replica: "retr" in ASCII."""

ROUND_CLASS = 0x726F756E
"""First half of the two-part advisory lock of who moves a lane's round on: "roun" in ASCII."""

BUDGET_KEY = 0x627564676574
"""Advisory lock of who counts earlier attempts into the month's budget: "budget" in ASCII."""

PAUSED_LEG_S = 30
"""For how long a paused leg counts as closed whenever it is looked at: so often its jobs come back to ask."""

_TODAYS_URL = "(select t.url from retrato.public_urls t order by t.used_at desc limit 1)"


def _todays_address(alias: str) -> dict[str, str]:
    """
    Words for a row *alias* of ``retrato.avatars``: today's addresses of its pictures, built from their keys.

    What was not built so, such as the address of a picture in a store of somebody else's, stays as it was written.
    """
    is_built = f"right({alias}.image_url, length({alias}.image_key) + 1) = '/' || {alias}.image_key"
    return {
        f"is_built_of_{alias}": f"({is_built})",
        **{
            f"{kind}_url_of_{alias}": f"coalesce(case when {is_built} then {_TODAYS_URL} || '/' "
            f"|| {alias}.{kind}_key end, {alias}.{kind}_url)"
            for kind in ("image", "thumbnail")
        },
    }


_CONSTANTS = {
    "todays_url": _TODAYS_URL,
    **_todays_address("v"),
    **_todays_address("a"),
    **_todays_address("old"),
    "bell_key": str(BELL_KEY),
    "replica_lock_class": str(REPLICA_LOCK_CLASS),
    "round_class": str(ROUND_CLASS),
    "budget_key": str(BUDGET_KEY),
    "paused_leg_s": str(PAUSED_LEG_S),
}
_WORD = re.compile(r"\{([a-z_]+)\}")
_COMMENT = re.compile(r"--[^\n]*")
_SIGNS = str.maketrans({"→": "->"})


def sql_folder() -> Path:
    """The folder ``sql/``: inside the installed package, or in the checkout that it runs from."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parents[1] / "sql"


@cache
def read(name: str) -> str:
    """The text of *name*, a path below ``sql/`` such as ``queries/claim_jobs.sql``, as `in_ascii` makes it."""
    return in_ascii((sql_folder() / name).read_text(encoding="utf-8"))


def in_ascii(sql: str) -> str:
    """
    Our *sql* with its comments in ASCII, and nothing else has any other character.

    A database whose encoding lacks one of them refuses the whole statement, comments and all.
    """
    return _COMMENT.sub(lambda match: _plain(match[0]), sql)


def _plain(comment: str) -> str:
    apart = unicodedata.normalize("NFKD", comment.translate(_SIGNS))
    return apart.encode("ascii", "ignore").decode()


def render(text: str, words: Mapping[str, str]) -> str:
    """Put *words* and our own constants in the place of words in braces; an unknown word is a KeyError."""
    known = {**_CONSTANTS, **words}
    return _WORD.sub(lambda match: known[match[1]], text)


@cache
def query(name: str) -> str:
    """The statement ``sql/queries/<name>.sql``, ready to be sent."""
    return host_query(name, {})


def host_query(name: str, words: Mapping[str, str]) -> str:
    """The same for a statement that touches the host's tables; *words* come from ``Host.words``."""
    return render(read(f"queries/{name}.sql"), words)


def read_all() -> None:
    """
    Read and render everything that is asked for later: what was found at the start is there to the end.

    A file that is replaced by another release, or a process without a free descriptor, changes nothing then.
    Statements that touch the host's tables are rendered by who sends them, when the host is known.
    """
    for path in sorted((sql_folder() / "queries").glob("*.sql")):
        words = set(_WORD.findall(read(f"queries/{path.name}")))
        if words <= _CONSTANTS.keys():
            query(path.stem)


def storable(text: str, longest: int) -> str:
    """
    *text* as a column takes it, cut to *longest* characters: an error is a sentence, not a dump.

    Postgres holds neither NUL nor half a surrogate pair, which JSON from outside may bring along.
    """
    whole = text[:longest].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\x00", "\ufffd")
