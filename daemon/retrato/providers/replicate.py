"""Replicate's dialect: predictions that are waited for, then asked after."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from retrato.domain.errors import BadPictureError, ProviderError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer, ErrorText, RequestId
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.polling import poll
from retrato.providers.prices import cost_usd
from retrato.providers.replies import failure
from retrato.providers.shapes import nearest

_RATIOS = ("1:1", "16:9", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
"""What flux-dev takes instead of a width and a height (its schema, version 93d72f81)."""
_LONGEST_WAIT_S = 60
_MARGIN_S = 5
_BAD_ENDS = {"failed", "canceled", "aborted"}


class _Prediction(Answer):
    id: RequestId
    status: str
    output: str | list[str] | None = None
    error: ErrorText = ""

    @property
    def url(self) -> str | None:
        """
        The picture, where there is one.

        With ``Prefer: wait`` a finished answer may still say "processing" while ``output`` is filled
        (replicate-python run.py, 1.0.7), so the output decides and not the status.
        """
        return self.output if isinstance(self.output, str) else next(iter(self.output or ()), None)


class ReplicateLeg:
    """
    A model of Replicate's, e.g. *path* ``black-forest-labs/flux-dev``; *model* is our name for it.

    The first answer is waited for on the open connection and usually brings the picture. Only the polling
    after it needs a route that Hugging Face's own client never uses through the router.
    """

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
        order = fitted(order, self.model)
        http = self._access.http
        ends_at = http.clock() + http.timeout_s
        wait_s = max(1, min(_LONGEST_WAIT_S, int(http.timeout_s - _MARGIN_S)))
        # An id with a version in it has a route of its own.
        name, _, version = self._path.partition(":")
        body: dict[str, Any] = {"input": _input(order)}
        reply = await self._access.order(
            "/v1/predictions" if version else f"/v1/models/{name}/predictions",
            body | {"version": version} if version else body,
            headers={"Prefer": f"wait={wait_s}"},
        )
        prediction = self._access.parse(_Prediction, reply)
        await on_request_id(prediction.id)
        if not _is_over(prediction):
            prediction = await self._wait(prediction.id, ends_at=ends_at)
        return await self._picture(order, prediction)

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`."""
        http = self._access.http
        order = fitted(order, self.model)
        return await self._picture(order, await self._wait(request_id, ends_at=http.clock() + http.timeout_s))

    async def _wait(self, request_id: str, *, ends_at: float) -> _Prediction:
        async def look(timeout_s: float) -> _Prediction | None:
            reply = await self._access.look(f"/v1/predictions/{quote(request_id, safe='')}", timeout_s=timeout_s)
            checked = self._access.checked(reply, request_id=request_id)
            prediction = self._access.parse(_Prediction, checked, request_id=request_id)
            return prediction if _is_over(prediction) else None

        return await poll(look, http=self._access.http, leg=self.name, request_id=request_id, ends_at=ends_at)

    async def _picture(self, order: Order, prediction: _Prediction) -> RawPicture:
        cost = self.price_usd(order)
        if prediction.url is None:
            raise self._failure(prediction)
        return RawPicture(
            data=await self._access.fetch(prediction.url, request_id=prediction.id),
            model=self.model,
            request_id=prediction.id,
            seed=order.seed,
            steps=order.steps,
            guidance=order.guidance,
            cost_usd=cost,
        )

    def _failure(self, prediction: _Prediction) -> ProviderError:
        message = f"{self.name}: prediction {prediction.status} ({prediction.error})"
        if prediction.status in _BAD_ENDS or prediction.error:
            # "NSFW content detected. Try running it again, or try a different prompt." · "The input or output was
            # flagged as sensitive. Please try again with different inputs. (E005)" (seen 2026)
            return failure(prediction.error)(message, leg=self.name, request_id=prediction.id)
        return BadPictureError(message, leg=self.name, request_id=prediction.id)


def _is_over(prediction: _Prediction) -> bool:
    return prediction.url is not None or prediction.status in {"succeeded", *_BAD_ENDS}


def _input(order: Order) -> Mapping[str, Any]:
    return {
        "prompt": order.prompt,
        "aspect_ratio": nearest(order, _RATIOS),
        "num_inference_steps": order.steps,
        "guidance": order.guidance,
        "seed": order.seed,
        "num_outputs": 1,
        "megapixels": "1",
        # Asked for by name: the default is webp, and in the fast mode a seed does not give the same picture.
        "output_format": "jpg",
        "output_quality": 90,
        "go_fast": False,
    }
