"""What fal's two routes have in common: the order, the result, and what its errors mean."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    CheckerError,
    DownError,
    MisconfiguredError,
    OutOfCreditError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer, Seed
from retrato.providers.exchange import Reply
from retrato.providers.markers import news_in
from retrato.providers.prices import cost_usd
from retrato.providers.replies import Verdict
from retrato.providers.words import Words

ABOUT_THE_JOB = {400, 422, 499, *range(500, 600)}
"""Statuses that may be the verdict on a job; 404 for one means that the queue has lost it."""


_MOST_UNITS = 1000
"""Megapixels of one picture: what says more is no bill, and no budget shall be spent by it."""


class _Image(Answer):
    url: str


class FalResult(Answer):
    """A finished request. ``units`` are those that fal bills, where its header told."""

    images: list[_Image]
    seed: Seed = None
    has_nsfw_concepts: list[bool] | None = None
    units: float | None = None


def fal_input(order: Order) -> Mapping[str, Any]:
    """The body of an order for flux/dev or flux/schnell."""
    return {
        "prompt": order.prompt,
        "image_size": {"width": order.width, "height": order.height},
        "num_inference_steps": order.steps,
        "guidance_scale": order.guidance,
        "num_images": 1,
        "seed": order.seed,
    }


def read_result(access: Access, reply: Reply, *, request_id: str | None) -> FalResult:
    """The result in *reply*; raises the `ProviderError` that it is otherwise."""
    result = access.parse(FalResult, access.checked(reply, request_id=request_id), request_id=request_id)
    return result.model_copy(update={"units": _units(reply)})


async def to_picture(
    access: Access, order: Order, result: FalResult, *, model: str, request_id: str | None
) -> RawPicture:
    """
    Fetch the picture of *result*.

    Raises:
        CheckerError: fal's checker struck; the picture is all black then, with status 200 (model page, 2026-08).
        BadPictureError: there is none.
        ProviderError: it could not be fetched.

    """
    cost = cost_usd(access.leg, model, order, units=result.units)
    if any(result.has_nsfw_concepts or ()):
        raise CheckerError(
            f"{access.leg}: the safety checker struck", leg=access.leg, request_id=request_id, cost_usd=cost
        )
    if not result.images:
        raise BadPictureError(f"{access.leg}: no picture in the result", leg=access.leg, cost_usd=cost)
    return RawPicture(
        data=await access.fetch(result.images[0].url, request_id=request_id),
        model=model,
        request_id=request_id,
        seed=order.seed if result.seed is None else result.seed,
        steps=order.steps,
        guidance=order.guidance,
        cost_usd=cost,
    )


def read_fal(words: Words) -> Verdict | None:
    """What fal means (docs.fal.ai errors, 2026-08): locks, and its header that tells whether to try again."""
    # An empty balance is 403, not 402; the lock can outlast a top-up by hours (fal#1147, #1112, seen 2026-08).
    if words.status == HTTPStatus.FORBIDDEN and news_in(words) is OutOfCreditError:
        return Verdict(OutOfCreditError)
    if words.status in ABOUT_THE_JOB:
        match words.headers.get("X-Fal-Retryable", "").lower():
            case "true":
                return Verdict(DownError)
            case "false":
                return Verdict(BadRequestError)
    if words.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "error_type" in words.fields:
        # Its own word that nothing came of it, not a gateway's: 5xx are never charged (fal docs, 2026-08).
        return Verdict(DownError)
    return None


def read_fal_account(words: Words) -> Verdict | None:
    """As `read_fal`, where the account is our own: a lock, or a key without the right, closes every way to it."""
    verdict = read_fal(words)
    if verdict is None and words.status == HTTPStatus.FORBIDDEN:
        verdict = Verdict(MisconfiguredError)
    is_the_accounts = verdict is not None and verdict.error in {OutOfCreditError, MisconfiguredError}
    return replace(verdict, whole_provider=True) if verdict and is_the_accounts else verdict


def _units(reply: Reply) -> float | None:
    try:
        units = float(reply.headers.get("x-fal-billable-units", ""))
    except ValueError:
        return None
    return units if 0 < units <= _MOST_UNITS else None
