"""fal's queue: order, ask after it, collect the result, download the picture; or take the order back."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from retrato.domain.errors import ProviderError, UnknownOutcomeError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer, RequestId
from retrato.providers.fal_dialect import ABOUT_THE_JOB, FalResult, fal_input, read_result, to_picture
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.polling import poll
from retrato.providers.prices import cost_usd
from retrato.providers.replies import failure

_ID_SEGMENTS = 2
"""A request lives under owner and app, without the sub-path: fal-ai/flux/dev → fal-ai/flux/requests/ID."""
_CANCEL_S = 5.0
_TOO_LATE = {"ALREADY_COMPLETED", "NOT_FOUND"}


class _Ticket(Answer):
    request_id: RequestId
    response_url: str = ""
    status_url: str = ""


class _Status(Answer):
    status: str
    error: Any = None
    """Set when the request failed; a failed one is COMPLETED as well."""
    error_type: str | None = None


class _Paths(NamedTuple):
    result: str
    status: str


class FalQueueLeg:
    """
    A fal application, asked through fal's queue.

    The queue is preferred to the synchronous route because its request id lets an order that was paid for
    be collected later. *app* is fal's id of the application, e.g. ``fal-ai/flux/dev``; *model* is the name
    under which we know it. *order_headers* go out with orders only.
    """

    repeat_is_free = False

    def __init__(
        self,
        access: Access,
        *,
        provider: str,
        model: str,
        app: str,
        order_headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = access.leg
        self.limits = limits_for(self.name)
        self.provider = provider
        self.model = model
        self._access = access
        self._app = app
        self._order_headers = order_headers

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return cost_usd(self.name, self.model, order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """See `Leg.draw`."""
        ends_at = self._ends_at()
        order = fitted(order, self.model)
        reply = await self._access.order(f"/{self._app}", fal_input(order), headers=self._order_headers)
        ticket = self._access.parse(_Ticket, reply)
        await on_request_id(ticket.request_id)
        return await self._collect(order, ticket.request_id, paths=self._named(ticket), ends_at=ends_at)

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`; fal keeps results for about an hour (fal queue docs, 2026-08)."""
        order = fitted(order, self.model)
        return await self._collect(order, request_id, paths=self._usual(request_id), ends_at=self._ends_at())

    async def cancel(self, request_id: str) -> bool:
        """
        See `CancellableLeg.cancel`.

        202 is a request to the runner: one that is already drawing may finish, and be charged (fal queue
        docs, 2026-08).
        """
        path = f"{self._usual(request_id).result}/cancel"
        reply = await self._access.put(path, timeout_s=_CANCEL_S)
        if reply.fields().get("status") in _TOO_LATE:
            return False
        self._access.checked(reply, request_id=request_id)
        return True

    def _usual(self, request_id: str) -> _Paths:
        owner_and_app = "/".join(self._app.split("/")[:_ID_SEGMENTS])
        path = f"/{owner_and_app}/requests/{quote(request_id, safe='')}"
        return _Paths(result=path, status=f"{path}/status")

    def _named(self, ticket: _Ticket) -> _Paths:
        """The paths that the ticket names, as long as they are about its request."""
        usual = self._usual(ticket.request_id)
        result = self._access.path_of(ticket.response_url, otherwise=usual.result)
        status = self._access.path_of(ticket.status_url, otherwise=f"{result}/status")
        named = _Paths(result=result, status=status)
        return named if all(quote(ticket.request_id, safe="") in path for path in named) else usual

    def _ends_at(self) -> float:
        return self._access.http.clock() + self._access.http.timeout_s

    async def _collect(self, order: Order, request_id: str, *, paths: _Paths, ends_at: float) -> RawPicture:
        async def status(timeout_s: float) -> _Status | None:
            reply = await self._access.look(paths.status, timeout_s=timeout_s)
            found = self._access.parse(_Status, self._access.checked(reply, request_id=request_id))
            return found if found.status == "COMPLETED" else None

        async def result(timeout_s: float) -> FalResult | ProviderError:
            # A bad status in fal's own shape is the verdict on the job, anything else is trouble on the way.
            reply = await self._access.look(paths.result, timeout_s=timeout_s)
            if reply.status in ABOUT_THE_JOB and "detail" in reply.fields():
                return self._access.error(reply, request_id=request_id)
            return read_result(self._access, reply, request_id=request_id)

        http = self._access.http
        done = await poll(status, http=http, leg=self.name, request_id=request_id, ends_at=ends_at)
        try:
            found: FalResult | ProviderError = await poll(
                result, http=http, leg=self.name, request_id=request_id, ends_at=ends_at
            )
        except UnknownOutcomeError as exc:
            if not done.error:
                raise
            failed = failure([done.error_type or "", done.error])
            raise failed(f"{self.name}: the request failed", leg=self.name, request_id=request_id) from exc
        if isinstance(found, ProviderError):
            raise found
        return await to_picture(self._access, order, found, model=self.model, request_id=request_id)
