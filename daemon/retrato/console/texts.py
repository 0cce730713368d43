"""
Languages: which one a person reads, its texts, and how it writes numbers, money, times and dates.

The catalogues are gettext's, in ``locales/<language>/LC_MESSAGES/console.{po,mo}``; their keys are English.
"""

import gettext
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
LANGUAGES: Mapping[str, str] = {"pt-BR": "Português (Brasil)", "en": "English"}
"""Language tag → what its speakers call it. The first is for those who tell nothing."""

_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "pt-BR": ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"],
}
_CENT = 0.01
_FINEST = 4
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([0-9.]{1,5}))?\s*")


def N_(message: str) -> str:  # noqa: N802 - the usual name, by which the catalogues' tools find it
    """Mark a text for the catalogues; it is translated where it is shown."""
    return message


def chosen(cookie: str | None, accept_language: str) -> str:
    """The language of an answer: what was picked, else what the browser asks for, else the first."""
    if cookie is not None and cookie in LANGUAGES:
        return cookie
    for wanted in _by_preference(accept_language):
        for tag in LANGUAGES:
            if wanted.partition("-")[0].lower() == tag.partition("-")[0].lower():
                return tag
    return next(iter(LANGUAGES))


def _by_preference(accept_language: str) -> Iterable[str]:
    ranges: list[tuple[float, int, str]] = []
    for part in accept_language[:500].split(","):
        match = _RANGE.fullmatch(part)
        if match is not None:
            try:
                weight = float(match[2] or 1)
            except ValueError:
                continue
            if weight > 0:
                ranges.append((-weight, len(ranges), match[1]))
    return [tag for _, _, tag in sorted(ranges)]


@dataclass(frozen=True)
class Texts:
    """One language."""

    tag: str
    translations: gettext.NullTranslations

    def say(self, message: str) -> str:
        """The text in this language."""
        return self.translations.gettext(message)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with the language's separators."""
        text = f"{value:,.{decimals}f}"
        return text if self.tag == "en" else text.translate(str.maketrans(",.", ".,"))

    def usd(self, amount: float | None) -> str:
        """An amount in US dollars; as many decimals, up to four, as a few cents need."""
        if amount is None:
            return "US$ ?"
        decimals = 2
        while amount < 10 * _CENT and decimals < _FINEST and round(amount, decimals) != round(amount, _FINEST):
            decimals += 1
        return f"US$ {self.number(amount, decimals)}"

    def percent(self, share: float) -> str:
        """A share of one as per cent, never rounded up to all."""
        return f"{self.number(int(share * 100))} %" if self.tag != "en" else f"{self.number(int(share * 100))}%"

    def seconds(self, value: float) -> str:
        """A measured time."""
        return f"{self.number(value, 1)} s" if value < 60 else self.span(value)  # noqa: PLR2004 - a minute

    def span(self, seconds: float) -> str:
        """A length of time as people say it, coarser the longer it is."""
        minutes = seconds / 60
        if minutes < 1:
            return f"{max(5, 5 * round(seconds / 5))} s"
        if minutes < 90:  # noqa: PLR2004 - up to here minutes are said
            return f"{round(minutes)} min"
        hours, rest = divmod(10 * round(minutes / 10), 60)
        return f"{hours} h {rest} min" if rest and hours < 24 else f"{hours} h"  # noqa: PLR2004 - a day

    def when(self, moment: datetime) -> str:
        """A moment in UTC; the browser puts its own time in the place."""
        moment = moment.astimezone(UTC)
        month = _MONTHS[self.tag][moment.month - 1]
        of = " " if self.tag == "en" else " de "
        return f"{moment.day}{of}{month}{of}{moment.year}, {moment:%H:%M} UTC"


@cache
def texts(tag: str) -> Texts:
    """The language *tag*, one of LANGUAGES."""
    return Texts(tag, gettext.translation("console", LOCALES, languages=[tag.replace("-", "_")]))
