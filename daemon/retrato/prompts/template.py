"""
Templates: the wording of a prompt, with fields in braces.

Fields are replaced by name and by nothing else: no attributes, no indexes, no formats. The values come from
strangers and are never read for fields themselves.
"""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Self

from retrato.domain.errors import ConfigError

FIELDS: Mapping[str, str] = {
    "identity": "a 34-year-old mixed-race Brazilian woman, senior data analyst",
    "age": "34",
    "origin": "mixed-race Brazilian",
    "role": "senior data analyst",
    "company": "ARVA Tech Solutions",
    "industry": "technology",
    "description": "Maya runs the lab at night and paints by day. (as the row has it)",
    "subject": "she has",
    "look": "light brown skin, an oval face with full lips, brown eyes, a curly black bob and dimples",
    "skin": "light brown skin",
    "face": "an oval face with full lips",
    "eyes": "brown eyes",
    "hair": "a curly black bob",
    "beard": "a short beard (empty where there is none)",
    "trait": "dimples",
    "expression": "looking at the camera with a warm smile",
    "clothes": "round glasses, a navy blazer and white shirt",
    "background": "blurred modern office",
    "light": "soft window light",
    "finish": ", natural skin texture, 85mm lens and shallow depth of field",
}
"""Every field with an example of what takes its place."""

_SPACES = re.compile(r"\s+")
_LOOSE = re.compile(r"(?:\s|,(?=\s*[,.]))+(?=[,.])")
_SENTENCE = re.compile(r"(?:^|\.\s+)[a-z]")


class Template:
    """A wording that has been checked; made by :meth:`parse`."""

    def __init__(self, parts: tuple[tuple[str, str], ...]) -> None:
        self._parts = parts

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        The template that *text* writes; ``{{`` and ``}}`` stand for braces.

        Raises:
            ConfigError: a field is unknown or not a plain name, ``{identity}`` is missing, or a brace is alone.

        """
        try:
            parts = tuple(_parts_of(text))
        except ValueError as error:
            raise ConfigError(f"prompt template: {error}; a brace of the text itself is written twice") from error
        if "identity" not in {name for _, name in parts}:
            raise ConfigError(f"prompt template: {{identity}}, which says gender and age, is missing in {text!r}")
        return cls(parts)

    def fill(self, values: Mapping[str, str]) -> str:
        """The prompt, *values* being one text for every field; its sentences begin with a capital letter."""
        text = "".join(literal + values.get(name, "") for literal, name in self._parts)
        tidy = _LOOSE.sub("", _SPACES.sub(" ", text)).strip()
        return _SENTENCE.sub(lambda beginning: beginning[0].upper(), tidy)


def _parts_of(text: str) -> Iterator[tuple[str, str]]:
    """Each stretch of text with the field that follows it; the last field may be empty."""
    for literal, name, form, conversion in Formatter().parse(text):
        if name is None:
            yield literal, ""
            continue
        if name not in FIELDS or form or conversion:
            written = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            raise ConfigError(f"prompt template: unknown field {{{written}}}; the fields are {', '.join(FIELDS)}")
        yield literal, name


STANDARD = (
    "Head and shoulders portrait photograph of {identity}. {subject} {look}. "
    "{expression} and wearing {clothes}. {background} in {light}{finish}."
)
"""The wording for companies that have none of their own: the subject first, few commas, nothing negated."""
