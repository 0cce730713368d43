"""fal's synchronous route: one call that holds the line until the picture is there."""

from collections.abc import Mapping

from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access
from retrato.providers.fal_dialect import fal_input, read_result, to_picture
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.prices import cost_usd


class FalRunLeg:
    """
    A fal application, asked directly: for when the queue cannot be reached.

    What breaks off here cannot be collected later, and nothing waits its turn: too many at once are 429.
    """

    repeat_is_free = False

    def __init__(
        self, access: Access, *, provider: str, app: str, order_headers: Mapping[str, str] | None = None
    ) -> None:
        self.name = access.leg
        self.limits = limits_for(self.name)
        self.provider = provider
        self.model = app
        self._access = access
        self._order_headers = order_headers

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return cost_usd(self.name, self.model, order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """See `Leg.draw`. Its id comes with the picture, when there is nothing left to collect."""
        order = fitted(order, self.model)
        reply = await self._access.order(f"/{self.model}", fal_input(order), headers=self._order_headers)
        request_id = reply.headers.get("x-fal-request-id")
        result = read_result(self._access, reply, request_id=request_id)
        return await to_picture(self._access, order, result, model=self.model, request_id=request_id)
