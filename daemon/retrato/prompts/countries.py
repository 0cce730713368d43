"""The countries of the world and their people: reads ``countries.toml``, which explains its tables."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from retrato.prompts.clean import folded
from retrato.prompts.lookup import find

_CODE = re.compile(r"[a-z]{2,3}")
_LOCALE = re.compile(r"[a-z]{2}[-_]([a-z]{2})")
"""*pt-BR*: a language, and the country in which it is spoken."""
_FLAG_A = 0x1F1E6
"""The first of the letters that are written for flags."""


class Country(BaseModel):
    """One of them; ``origins`` names a table of ``faces.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    demonym: str
    origins: str
    names: tuple[str, ...]
    people: tuple[str, ...]


@cache
def countries() -> Mapping[str, Country]:
    """By ISO code of two letters, read once."""
    text = files(__package__).joinpath("countries.toml").read_text(encoding="utf-8")
    return {code: Country.model_validate(table) for code, table in tomllib.loads(text).items()}


def demonym_of_code(text: str) -> str:
    """The people of *text* where it is a code and nothing else: *JP*, *jpn*, *ja-JP* or a flag; else empty."""
    letters = "".join(chr(ord("a") + ord(c) - _FLAG_A) if 0 <= ord(c) - _FLAG_A < 26 else c for c in text)  # noqa: PLR2004
    code = folded(letters).strip("\"'[]{}(). ")
    locale = _LOCALE.fullmatch(code)
    code = locale[1] if locale else code
    return _codes().get(code, "") if _CODE.fullmatch(code) else ""


def demonym_of_name(words: str) -> str:
    """The people of *words* where they are a country's whole name or its people; else empty."""
    return _words().get(folded(words)) or find(words, _words()) or ""


@cache
def _codes() -> Mapping[str, str]:
    by_two = {code.lower(): country.demonym for code, country in countries().items()}
    return by_two | {country.code.lower(): country.demonym for country in countries().values()}


@cache
def _words() -> Mapping[str, str]:
    return {
        word: country.demonym for country in countries().values() for word in (*country.names, *country.people)
    }
