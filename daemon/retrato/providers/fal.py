"""fal's dialect and its queue: order, ask after it, collect the result, download the picture."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    CheckerError,
    DownError,
    OutOfCreditError,
    ProviderError,
    UnknownOutcomeError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer
from retrato.providers.leg import NoteRequest
from retrato.providers.polling import poll
from retrato.providers.prices import cost_usd
from retrato.providers.replies import REFUSALS, Verdict
from retrato.providers.words import Words

_ABOUT_THE_JOB = {400, 422, 499, *range(500, 600)}
"""Statuses that may be the verdict on a job; 404 for one means that the queue has lost it."""
_ID_SEGMENTS = 2
"""A request lives under owner and app, without the sub-path: fal-ai/flux/dev → fal-ai/flux/requests/ID."""


class _Ticket(Answer):
    request_id: str
    response_url: str = ""


class _Status(Answer):
    status: str
    error: str | None = None
    """Set when the request failed; a failed one is COMPLETED as well."""


class _Image(Answer):
    url: str


class _Result(Answer):
    images: list[_Image]
    seed: int | None = None
    has_nsfw_concepts: list[bool] | None = None


class FalQueueLeg:
    """
    A fal application, asked through fal's queue.

    The queue is preferred to the synchronous route because its request id lets an order that was paid for
    be collected later. *app* is fal's id of the application, e.g. ``fal-ai/flux/dev``; *model* is the name
    under which we know it.
    """

    repeat_is_free = False

    def __init__(self, access: Access, *, provider: str, model: str, app: str) -> None:
        self.name = access.leg
        self.provider = provider
        self.model = model
        self._access = access
        self._app = app

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """See `Leg.draw`."""
        ends_at = self._ends_at()
        reply = await self._access.order(f"/{self._app}", _body(order))
        ticket = self._access.parse(_Ticket, reply)
        await on_request_id(ticket.request_id)
        path = self._access.path_of(ticket.response_url, otherwise=self._path(ticket.request_id))
        return await self._collect(order, ticket.request_id, path=path, ends_at=ends_at)

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`; fal keeps results for about an hour (fal queue docs, 2026-08)."""
        return await self._collect(order, request_id, path=self._path(request_id), ends_at=self._ends_at())

    def _path(self, request_id: str) -> str:
        owner_and_app = "/".join(self._app.split("/")[:_ID_SEGMENTS])
        return f"/{owner_and_app}/requests/{quote(request_id, safe='')}"

    def _ends_at(self) -> float:
        return self._access.http.clock() + self._access.http.timeout_s

    async def _collect(self, order: Order, request_id: str, *, path: str, ends_at: float) -> RawPicture:
        async def status(timeout_s: float) -> _Status | None:
            reply = await self._access.look(f"{path}/status", timeout_s=timeout_s)
            found = self._access.parse(_Status, self._access.checked(reply, request_id=request_id))
            return found if found.status == "COMPLETED" else None

        async def result(timeout_s: float) -> _Result | ProviderError:
            # A bad status in fal's own shape is the verdict on the job, anything else is trouble on the way.
            reply = await self._access.look(path, timeout_s=timeout_s)
            if reply.status in _ABOUT_THE_JOB and "detail" in reply.fields():
                return self._access.error(reply, request_id=request_id)
            return self._access.parse(_Result, self._access.checked(reply, request_id=request_id))

        http = self._access.http
        done = await poll(status, http=http, leg=self.name, request_id=request_id, ends_at=ends_at)
        try:
            found: _Result | ProviderError = await poll(
                result, http=http, leg=self.name, request_id=request_id, ends_at=ends_at
            )
        except UnknownOutcomeError as exc:
            if done.error is None:
                raise
            raise DownError(f"{self.name}: the request failed", leg=self.name, request_id=request_id) from exc
        if isinstance(found, ProviderError):
            raise found
        return await self._picture(order, request_id, found)

    async def _picture(self, order: Order, request_id: str, result: _Result) -> RawPicture:
        cost = cost_usd(self.name, width=order.width, height=order.height)
        if any(result.has_nsfw_concepts or ()):
            # The picture is all black then, with status 200 (fal model page, 2026-08).
            raise CheckerError(
                f"{self.name}: the safety checker struck", leg=self.name, request_id=request_id, cost_usd=cost
            )
        if not result.images:
            raise BadPictureError(f"{self.name}: no picture in the result", leg=self.name, cost_usd=cost)
        return RawPicture(
            data=await self._access.fetch(result.images[0].url, request_id=request_id),
            model=self.model,
            request_id=request_id,
            seed=order.seed if result.seed is None else result.seed,
            steps=order.steps,
            guidance=order.guidance,
            cost_usd=cost,
        )


def read_fal(words: Words) -> Verdict | None:
    """What fal means (docs.fal.ai errors, 2026-08): locks, and its header that tells whether to try again."""
    # An empty balance is 403, not 402; the lock can outlast a top-up by hours (fal#1147, #1112, seen 2026-08).
    if words.status == HTTPStatus.FORBIDDEN and (words.has("user is locked") or words.has("exhausted balance")):
        return Verdict(OutOfCreditError)
    if words.status in _ABOUT_THE_JOB and not words.codes & REFUSALS:
        match words.headers.get("X-Fal-Retryable", "").lower():
            case "true":
                return Verdict(DownError)
            case "false":
                return Verdict(BadRequestError)
    return None


def _body(order: Order) -> Mapping[str, Any]:
    return {
        "prompt": order.prompt,
        "image_size": {"width": order.width, "height": order.height},
        "num_inference_steps": order.steps,
        "guidance_scale": order.guidance,
        "num_images": 1,
        "seed": order.seed,
    }
