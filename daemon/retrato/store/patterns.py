"""Texts inside SQL: words of the application's own are taken letter by letter."""

import re
from collections.abc import Sequence

_MEANS_SOMETHING = re.compile(r"[][\\^$.|?*+(){}]")


def literal(text: str) -> str:
    """A regular expression of Postgres that is true of *text* alone."""
    return _MEANS_SOMETHING.sub(lambda match: rf"\{match[0]}", text)


def quoted_text(text: str) -> str:
    """
    A text as SQL that may stand in a function's body between ``$$``.

    Backslashes mean the same whatever ``standard_conforming_strings`` is in the session that the function runs in.
    """
    doubled = text.replace("'", "''")
    if "\\" not in text and "$$" not in text:
        return f"'{doubled}'"
    return "E'" + doubled.replace("\\", r"\\").replace("$", r"\x24") + "'"


def quoted_texts(texts: Sequence[str]) -> str:
    """
    Texts as SQL, one constant of type ``text[]``.

    Not ``array[…]``: a trigger's condition is read anew by every statement, and one constant faster than many.
    """
    elements = (text.replace("\\", r"\\").replace('"', r"\"") for text in texts)
    array = ", ".join(f'"{element}"' for element in elements)
    return quoted_text(f"{{{array}}}") + "::text[]"
