"""What is known about each model, whoever serves it: its licence, in plain words, and what it can take."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from retrato.domain.picture import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """
    ``licence`` and ``note`` are for people who choose a model; neither is legal advice.

    ``most_steps`` is what a distilled model takes at most, None where the order's own number is right.
    """

    licence: str
    note: str = ""
    most_steps: int | None = None


_FLUX_DEV = Model(
    licence="FLUX.1 [dev] Non-Commercial License: weights not for commercial use, pictures may be used",
    note="whoever sells the drawing needs a licence from Black Forest Labs; paid providers say they have one",
)
_FLUX_SCHNELL = Model(licence="Apache-2.0", note="distilled: four steps, less detail", most_steps=4)
_SANA = Model(licence="not checked: see the model card at NVIDIA", note="small, fast, weak faces")
_GPT_IMAGE = Model(licence="closed model; pictures belong to the account by OpenAI's terms", note="takes no seed")
_GROK = Model(licence="closed model; see x.ai's terms", note="takes no seed")
_UNKNOWN = Model(licence="not known here: see the model's page")

MODELS: Mapping[str, Model] = {
    "black-forest-labs/FLUX.1-dev": _FLUX_DEV,
    "black-forest-labs/FLUX.1-schnell": _FLUX_SCHNELL,
    "fal-ai/flux/dev": _FLUX_DEV,
    "fal-ai/flux/schnell": _FLUX_SCHNELL,
    "flux": _FLUX_SCHNELL,  # as Pollinations calls it
    "sana": _SANA,
    "gpt-image-1-mini": _GPT_IMAGE,
    "gpt-image-1.5": _GPT_IMAGE,
    "gpt-image-2": _GPT_IMAGE,
    "gpt-image-2.5-flare": _GPT_IMAGE,
    "gpt-image-2.5-sunburst": _GPT_IMAGE,
    "grok-imagine-image": _GROK,
}
"""By the id under which a leg knows the model."""


def about(model: str) -> Model:
    """What is known about *model*; hardly anything where it is not listed."""
    return MODELS.get(model, _UNKNOWN)


def fitted(order: Order, model: str) -> Order:
    """*order* with no more steps than *model* takes."""
    most = about(model).most_steps
    return order if most is None else replace(order, steps=min(order.steps, most))
