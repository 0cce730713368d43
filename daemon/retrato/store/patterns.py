"""Texts of the application's own inside regular expressions and SQL: they are taken letter by letter."""

import re

_MEANS_SOMETHING = re.compile(r"[][\\^$.|?*+(){}]")


def literal(text: str) -> str:
    """A regular expression of Postgres that is true of *text* alone."""
    return _MEANS_SOMETHING.sub(lambda match: rf"\{match[0]}", text)


def quoted_text(text: str) -> str:
    """
    A regular expression, or another text, as SQL.

    Backslashes mean the same whatever ``standard_conforming_strings`` is in the session that a function runs in.
    """
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if "\\" not in text else "E'" + doubled.replace("\\", r"\\") + "'"
