"""What a face may look like: reads ``faces.toml``, which explains every table."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from retrato.prompts.countries import countries

Phrases = tuple[str, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Table):
    """One of the peoples behind a nationality; ``share`` in any unit, ``said`` with ``{}`` for the demonym."""

    share: int = 1
    said: str
    palette: str


class Palette(_Table):
    """The colours that go together."""

    skin: Phrases
    hair: Phrases
    eyes: Phrases
    textures: Phrases
    freckles: bool = False


class Choice(_Table):
    """A phrase for people of ``from_age`` years and over, and its share."""

    said: str
    share: int = 1
    from_age: int = 0


class Grey(_Table):
    """From ``from_age`` years on, ``share`` per cent have one of these hair colours; ``{}`` is their own."""

    from_age: int
    share: int
    said: Phrases


class FaceShapes(_Table):
    """Shapes for everybody; features for ``any`` and by noun."""

    shapes: Phrases
    features: Mapping[str, Phrases]


class Glasses(_Table):
    """``share`` per cent wear one of them."""

    share: int
    said: Phrases


class Scene(_Table):
    """What stands around the face; clothes for ``any`` and by noun; endings of a prompt, the longest first."""

    expressions: Phrases
    backgrounds: Phrases
    lights: Phrases
    clothes: Mapping[str, Phrases]
    finish: Phrases


class Faces(_Table):
    """The whole file; ``regions`` also has the countries, from ``countries.toml``."""

    origins: Mapping[str, tuple[Origin, ...]]
    regions: Mapping[str, str]
    ethnicities: Mapping[str, Phrases]
    palettes: Mapping[str, Palette]
    styles: Mapping[str, Mapping[str, tuple[Choice, ...]]]
    grey: tuple[Grey, ...]
    face: FaceShapes
    beards: Mapping[str, tuple[Choice, ...]]
    glasses: Glasses
    traits: Mapping[str, tuple[Choice, ...]]
    scene: Scene


@cache
def faces() -> Faces:
    """The faces, read once."""
    tables = tomllib.loads(files(__package__).joinpath("faces.toml").read_text(encoding="utf-8"))
    tables["regions"] |= {country.demonym: country.origins for country in countries().values()}
    return Faces.model_validate(tables)
