"""How old somebody is, by what a column or a text calls an age or a birth."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

YOUNGEST, OLDEST = 3, 120
"""Years outside of which a number is no age."""
_CHARS = 200
_FULL_AGE = 18
_DECADE = {"": 5, "early": 2, "mid": 5, "late": 8}
"""Where in a decade somebody is: *30s*, *early 30s* …"""

_ONES = {
    word: number
    for number, words in enumerate(
        ("um uma uno una one", "dois duas dos two", "tres three", "quatro cuatro four", "cinco five",
         "seis six", "sete siete seven", "oito ocho eight", "nove nueve nine"), start=1,
    )
    for word in words.split()
}  # fmt: skip
_NUMBERS = {
    word: number
    for number, words in {
        18: "dezoito dieciocho eighteen", 19: "dezenove dezanove diecinueve nineteen",
        20: "vinte veinte twenty", 21: "veintiun veintiuno", 22: "veintidos", 23: "veintitres", 24: "veinticuatro",
        25: "veinticinco", 26: "veintiseis", 27: "veintisiete", 28: "veintiocho", 29: "veintinueve",
        30: "trinta treinta thirty", 40: "quarenta cuarenta forty", 50: "cinquenta cincuenta fifty",
        60: "sessenta sesenta sixty", 70: "setenta seventy", 80: "oitenta ochenta eighty",
        90: "noventa ninety",
    }.items()
    for word in words.split()
}  # fmt: skip
_DECADES = {
    word: f"{number}s"
    for number, words in {
        20: "twenties vintao vintona veinteanero veinteanera",
        30: "thirties trintao trintona treintanero treintanera",
        40: "forties quarentao quarentona cuarenton cuarentona",
        50: "fifties cinquentao cinquentona cincuenton cincuentona",
        60: "sixties sessentao sessentona sexagenario sexagenaria",
        70: "seventies setentao setentona septuagenario septuagenaria",
        80: "eighties octogenario octogenaria",
    }.items()
    for word in words.split()
}
_IN_WORDS = {
    "jovem adulto": 25, "joven adulto": 25, "young adult": 25, "jovem": 24, "joven": 24, "young": 24,
    "meia-idade": 50, "meia idade": 50, "mediana edad": 50, "middle-aged": 50, "middle aged": 50,
    "idoso": 70, "idosa": 70, "anciano": 70, "anciana": 70, "elderly": 70, "senior citizen": 70,
}  # fmt: skip

_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")
_TENS_AND_ONES = re.compile(rf"\b([2-9]0)(?: (?:e|y) | |-)({'|'.join(_ONES)})\b")
_DATE = re.compile(r"\b((?:19|20)\d\d)[-/.](\d\d?)[-/.](\d\d?)|\b(\d\d?)[-/.](\d\d?)[-/.]((?:19|20)\d\d|\d\d)\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_JOINED = r"\s*(?:-|/|~|\.\.\.?|\ba\b|\bate\b|\bto\b|\btill\b|\buntil\b|\bhasta\b|\bou\b|\bor\b|\bo\b)\s*"
_LATER = r"(\d{1,3})(?!\d)"
_NUMBER = rf"(?<![\d.,-]){_LATER}(?:[.,]\d++)?+(?!\d|\s*(?:cm|kg|m|%)\b)"
_RANGE = re.compile(rf"{_NUMBER}(?:\s*(?:anos|years|y))?{_JOINED}{_LATER}")
_BETWEEN = re.compile(rf"\b(?:entre|between)\s+{_NUMBER}\s*(?:anos\s*)?(?:e|y|and)\s+{_LATER}")
_SOME_DECADE = re.compile(
    r"(?:\b(?P<part>early|mid|late|inicio|comeco|comienzos|meados|mediados|final|fim|finales)\b[\w -]{0,12}?)?"
    r"\b(?P<tens>[1-9]0)(?:'?s\b| ?e (?:poucos|tantos|alguns|muitos)\b| ?y (?:pocos|pico|tantos)\b| ?-?something\b"
    r"|(?P<bare>))"
)
_HOUSE = re.compile(
    r"\b(?:casa|faixa|decada|inicio|comeco|meados|final|fim|comienzos|mediados|finales) d(?:os|e los|as)\b"
)
_PARTS = {
    "inicio": "early", "comeco": "early", "comienzos": "early", "meados": "mid", "mediados": "mid",
    "final": "late", "fim": "late", "finales": "late",
}  # fmt: skip
_FEW = re.compile(r"\b(?:poucos|pocos|pico|alguns)\b")
_MANY = re.compile(r"\b(?:muitos)\b")
_NEARLY = re.compile(r"\b(?:quase|casi|almost|nearly)\s+(?:os\s+)?$")
_BELOW = re.compile(
    r"(?:<|\b(?:ate|abaixo de|menos de|menor(?:es)? (?:de|que)|hasta|under|below|up to|younger than))\s*$"
)
_SPAN = re.compile(r"[\[({]\s*(\d{1,3})\s*,\s*(\d{1,3})\s*([\])}])")


def years_in(text: str | None) -> int | None:
    """
    Years in *text*, line by line the first that tells: *34 anos*, *30-35* (the middle), *30s*, *trinta e poucos*.

    *50+* is 50. None for what is no age between 3 and 120; a date or a year is none.
    """
    return next((years for row in _rows(text) if (years := _years(row))), None)


def years_since(text: str | None, *, today: date) -> int | None:
    """Years since the date or the year in *text*; None where it has none, or none that can be a birth."""
    return next((years for row in _rows(text) if (years := _age(row, today))), None)


def _rows(text: str | None) -> Iterator[str]:
    for row in (text or "")[:_CHARS].splitlines():
        bare = unicodedata.normalize("NFKD", row.casefold())
        plain = "".join(character for character in bare if not unicodedata.combining(character))
        yield re.sub("[\u2010-\u2015\u2212]", "-", plain)


def _years(row: str) -> int | None:
    if _DATE.search(row) or _YEAR.search(row):
        return None
    spoken = _TENS_AND_ONES.sub(_added, _WORD.sub(_in_digits, row))
    found = _by_numbers(spoken)
    if found is None:
        found = next((years for words, years in _IN_WORDS.items() if re.search(rf"\b{words}\b", row)), None)
    return found if found is not None and YOUNGEST <= found <= OLDEST else None


def _by_numbers(row: str) -> int | None:
    if span := _SPAN.search(row):  # as Postgres writes ranges and arrays
        return (int(span[1]) + int(span[2]) - (span[3] == ")")) // 2
    if span := _BETWEEN.search(row) or _RANGE.search(row):
        first, last = int(span[1]), int(span[2])
        return (first + last) // 2 if max(first, last) <= OLDEST else None
    if (decade := _SOME_DECADE.search(row)) and (decade["bare"] is None or _HOUSE.search(row)):
        part = _PARTS.get(decade["part"] or "", decade["part"] or "")
        part = part or ("early" if _FEW.search(row) else "late" if _MANY.search(row) else "")
        return int(decade["tens"]) + _DECADE[part]
    number = re.search(_NUMBER, row)
    if number is None:
        return None
    said, before = int(number[1]), row[: number.start()]
    if _BELOW.search(before):
        return (_FULL_AGE + said - 1) // 2 if said > _FULL_AGE else None
    return said - bool(_NEARLY.search(before))


def _in_digits(word: re.Match[str]) -> str:
    """*trinta* as *30*, *thirty-five* as *30-five*, *thirties* as *30s*."""
    said = word[0]
    if said in _DECADES:
        return _DECADES[said]
    first, hyphen, second = said.partition("-")
    if first in _DECADE:  # mid-thirties
        return f"{first} {_DECADES.get(second) or _NUMBERS.get(second, second)}"
    return f"{_NUMBERS[first]}{hyphen}{second}" if first in _NUMBERS else said


def _added(found: re.Match[str]) -> str:
    return str(int(found[1]) + _ONES[found[2]])


def _age(row: str, today: date) -> int | None:
    born = _born(row, today)
    if born is None:
        return None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age if YOUNGEST <= age <= OLDEST else None


def _born(row: str, today: date) -> date | None:
    """The date in *row*; of a year alone its first day. Days stand before months, unless they cannot."""
    if found := _DATE.search(row):
        year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        whole = int(year) if len(year) > 2 else 1900 + int(year) + 100 * (int(year) < today.year % 100)  # noqa: PLR2004
        for month_first in ((int(month), int(day)), (int(day), int(month))):
            try:
                return date(whole, *month_first)
            except ValueError:
                continue
        return None
    year_alone = _YEAR.search(row)
    return date(int(year_alone[0]), 1, 1) if year_alone else None
