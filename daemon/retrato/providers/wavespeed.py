"""Wavespeed's dialect: order, then ask at the address that the answer names."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from retrato.domain.errors import BadPictureError, CheckerError, ProviderError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer, ErrorText, RequestId
from retrato.providers.exchange import Reply
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.polling import poll
from retrato.providers.prices import cost_usd
from retrato.providers.replies import failure

_SMALLEST, _LARGEST = 256, 1536
_SUCCESS = 200


class _Urls(Answer):
    get: str = ""


class _Task(Answer):
    id: RequestId
    status: str
    outputs: list[str] | None = None
    urls: _Urls = _Urls()
    has_nsfw_contents: list[bool] | None = None
    error: ErrorText = ""


class _Envelope(Answer):
    code: int = _SUCCESS
    data: _Task


class WavespeedLeg:
    """A model of Wavespeed's, e.g. *path* ``wavespeed-ai/flux-dev``; *model* is our name for it."""

    repeat_is_free = False

    def __init__(self, access: Access, *, provider: str, model: str, path: str) -> None:
        self.name = access.leg
        self.limits = limits_for(self.name)
        self.provider = provider
        self.model = model
        self._access = access
        self._path = path

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return cost_usd(self.name, self.model, order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """See `Leg.draw`."""
        ends_at = self._ends_at()
        order = fitted(order, self.model)
        task = self._task(await self._access.order(f"/api/v3/{self._path}", _body(order)))
        await on_request_id(task.id)
        # Some answers name the address without "/result" (wavespeed.ai/docs, 2026-08): follow what is given.
        path = self._access.path_of(task.urls.get, otherwise=_path(task.id))
        return await self._picture(order, await self._wait(task.id, path=path, ends_at=ends_at))

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`."""
        task = await self._wait(request_id, path=_path(request_id), ends_at=self._ends_at())
        return await self._picture(fitted(order, self.model), task)

    def _ends_at(self) -> float:
        return self._access.http.clock() + self._access.http.timeout_s

    async def _wait(self, request_id: str, *, path: str, ends_at: float) -> _Task:
        async def look(timeout_s: float) -> _Task | None:
            reply = await self._access.look(path, timeout_s=timeout_s)
            task = self._task(self._access.checked(reply, request_id=request_id), request_id=request_id)
            return task if task.status in {"completed", "failed"} else None

        return await poll(look, http=self._access.http, leg=self.name, request_id=request_id, ends_at=ends_at)

    def _task(self, reply: Reply, *, request_id: str | None = None) -> _Task:
        envelope = self._access.parse(_Envelope, reply, request_id=request_id)
        # Trouble of the service itself may come with status 200 and another code inside.
        if envelope.code != _SUCCESS:
            raise self._access.error(reply, request_id=request_id)
        return envelope.data

    async def _picture(self, order: Order, task: _Task) -> RawPicture:
        cost = self.price_usd(order)
        if task.status == "failed":
            raise self._failure(task)
        if any(task.has_nsfw_contents or ()):
            raise CheckerError(
                f"{self.name}: the safety checker struck", leg=self.name, request_id=task.id, cost_usd=cost
            )
        if not task.outputs:
            raise BadPictureError(
                f"{self.name}: completed without a picture", leg=self.name, request_id=task.id, cost_usd=cost
            )
        return RawPicture(
            data=await self._access.fetch(task.outputs[0], request_id=task.id),
            model=self.model,
            request_id=task.id,
            seed=order.seed,
            steps=order.steps,
            guidance=order.guidance,
            cost_usd=cost,
        )

    def _failure(self, task: _Task) -> ProviderError:
        # Failed tasks are refunded within three hours (wavespeed.ai/docs, 2026-08), so they cost nothing.
        return failure(task.error)(f"{self.name}: task failed ({task.error})", leg=self.name, request_id=task.id)


def _path(task_id: str) -> str:
    return f"/api/v3/predictions/{quote(task_id, safe='')}/result"


def _body(order: Order) -> Mapping[str, Any]:
    # Width and height are no fields here; sides outside the range are refused.
    width, height = (min(max(side, _SMALLEST), _LARGEST) for side in (order.width, order.height))
    return {
        "prompt": order.prompt,
        "size": f"{width}*{height}",
        "num_inference_steps": order.steps,
        "guidance_scale": order.guidance,
        "num_images": 1,
        "seed": order.seed,
        "output_format": "jpeg",
    }
