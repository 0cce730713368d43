"""What a provider and its legs offer to the chain."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from retrato.domain.attempt import LegLimits
from retrato.domain.picture import Order, RawPicture
from retrato.providers.catalogue import LegInfo

NoteRequest = Callable[[str], Awaitable[None]]
"""Takes the provider's id of a request, as soon as it is known; awaited before anything else is done."""


class Leg(Protocol):
    """
    One way to reach a provider, e.g. ``huggingface/fal-ai``. A leg asks once: retries are the chain's.

    ``repeat_is_free`` says that the identical order is not charged twice, because the provider knows it
    again or because nothing is charged at all. ``limits`` is what the provider allows, over all replicas.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def provider(self) -> str: ...  # noqa: D102

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def repeat_is_free(self) -> bool: ...  # noqa: D102

    @property
    def limits(self) -> LegLimits: ...  # noqa: D102

    def price_usd(self, order: Order) -> float | None:
        """What *order* should cost in US dollars, before it is placed; None where no price is known."""

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """
        Have *order* drawn; bounded in time by the leg itself.

        Raises:
            ProviderError: named by what follows; `UnknownOutcomeError` when it may have been drawn.

        """


@runtime_checkable
class ResumableLeg(Protocol):
    """What a leg also is whose provider can be asked again for a request that it has accepted."""

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """Collect what *request_id* became, without ordering anew; raises as `Leg.draw` does."""


@runtime_checkable
class CancellableLeg(Protocol):
    """What a leg also is whose provider takes an accepted request back."""

    async def cancel(self, request_id: str) -> bool:
        """
        Give *request_id* up; takes a few seconds at most.

        Returns:
            True when the provider promised to drop it, which saves its price unless the drawing had begun.
            False when it was too late, or the provider does not know it (any more): it may be charged.

        Raises:
            ProviderError: the provider could not be asked; nothing is known.

        """


class Provider(Protocol):
    """One service with one account, and the legs that lead to it now."""

    @property
    def name(self) -> str: ...  # noqa: D102

    async def legs(self) -> Sequence[Leg]:
        """
        The legs in the order in which they are to be asked.

        Raises:
            ProviderError: there is none, and why (no key, model not served any more).

        """

    def catalogue(self) -> Sequence[LegInfo]:
        """Every leg that the provider could offer, for people to compare; asks nobody."""

    async def credit_left(self) -> float | None:
        """
        US dollars left on the account, None where the provider does not tell; asking is free.

        Raises:
            ProviderError: it could not be asked, or did not want to say.

        """

    async def close(self) -> None:
        """Let go of what the provider holds itself; the HTTP client is not its own."""
