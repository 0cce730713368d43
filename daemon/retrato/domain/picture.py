"""What is ordered from a provider, what comes back, and the finished picture."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One picture to be drawn. Sizes in pixels; ``seed`` in 0 … 2^31-1.

    The defaults are the base settings of the script that Retrato replaces (FLUX.1 [dev]).
    """

    prompt: str
    seed: int
    width: int = 1024
    height: int = 1024
    steps: int = 28
    guidance: float = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPicture:
    """
    What a leg returned, unchecked: ``data`` may be anything, its format is told by its first bytes only.

    ``seed``, ``steps`` and ``guidance`` are those that the leg really used, None where it does not take
    or tell them. ``cost_usd`` is None where the price is not known.
    """

    data: bytes = field(repr=False)
    model: str
    request_id: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    A checked and normalised picture: JPEG, RGB, no metadata of the provider.

    ``image`` is ``width`` x ``height`` pixels, ``thumbnail`` 200 x 200; ``sha256`` is the hex digest of
    ``image``.
    """

    image: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """
    A finished picture together with who drew it and how: what the chain hands to the pipeline.

    ``generation`` is the earlier request that it was ordered for, None where it was ordered for the present one.
    """

    picture: Picture
    provider: str
    leg: str
    model: str
    order: Order
    redraw: int
    attempts: int
    seed: int | None
    steps: int | None
    guidance: float | None
    cost_usd: float | None
    generation: int | None = None
