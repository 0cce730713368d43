"""The words of the hosts and their English: reads ``vocabulary.toml``, which is where a word is taught."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

Words = Mapping[str, str]


class Vocabulary(BaseModel):
    """The tables of ``vocabulary.toml``, each explained there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unsaid: frozenset[str]
    showing_nothing: frozenset[str]
    occupations: frozenset[str]
    nouns: Words
    nationalities: Words
    ethnicities: Words
    skin: Words
    hair_colours: Words
    hair_lengths: Words
    hair_textures: Words
    hair_styles: Words
    eye_colours: Words
    eye_shapes: Words
    face_shapes: Words
    beards: Words
    things: Words
    qualities: Words
    joins: Words


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once."""
    text = files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(tomllib.loads(text))
