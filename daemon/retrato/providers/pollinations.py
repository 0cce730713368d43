"""Pollinations: the present API where there is a key, the anonymous old host where there is none."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from pydantic import FiniteFloat

from retrato.domain.errors import BusyError, DownError, GoneError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer
from retrato.providers.catalogue import LegInfo, leg_info
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg, NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.openai_answer import first_picture, read_images
from retrato.providers.pollinations_legacy import LegacyLeg
from retrato.providers.prices import cost_usd
from retrato.providers.replies import Verdict
from retrato.providers.words import Words

NAME = "pollinations"
_KEY = "POLLINATIONS_API_KEY"
_BALANCE_TIMEOUT_S = 10.0
_MODEL = "flux"
"""Their ``flux`` is Flux Schnell in four steps; FLUX.1 [dev] is not served (registry/image.ts, 2026-08)."""
_LONGEST_GET = 2048
"""An address of so many bytes passes everywhere; longer prompts go by POST."""


class _Balance(Answer):
    balance: FiniteFloat


class Pollinations:
    """One leg: ``pollinations/gen`` with a key, ``pollinations/legacy`` without."""

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._leg: Leg
        self._balance: Access | None = None
        if config.pollinations_key:
            gen = GenLeg(http, base_url=config.pollinations_url, key=config.pollinations_key)
            self._leg, self._balance = gen, gen.access
        else:
            self._leg = LegacyLeg(http, provider=NAME, base_url=config.pollinations_legacy_url)

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        return (self._leg,)

    def catalogue(self) -> Sequence[LegInfo]:
        """See `Provider.catalogue`."""
        has_key = self._balance is not None
        return [
            leg_info(GenLeg.name, model=GenLeg.model, key_setting=_KEY, key_present=has_key),
            leg_info(
                LegacyLeg.name,
                model=LegacyLeg.model,
                key_setting=None,
                key_present=True,
                usable=not has_key,
                note=f"only without {_KEY}; no promise, a picture a minute",
            ),
        ]

    async def credit_left(self) -> float | None:
        """See `Provider.credit_left`; a Pollen is about a dollar."""
        if self._balance is None:
            return None
        reply = await self._balance.look("/account/balance", timeout_s=_BALANCE_TIMEOUT_S)
        return self._balance.parse(_Balance, self._balance.checked(reply)).balance

    async def close(self) -> None:
        """Nothing of its own is open."""


class GenLeg:
    """
    gen.pollinations.ai.

    The same parameters with the same seed are one job there, which goes on after we have left: a repeat
    joins it or gets its bytes, and is billed once. Without a seed every call would be the same picture (42).
    """

    name = "pollinations/gen"
    provider = NAME
    model = _MODEL
    repeat_is_free = True

    def __init__(self, http: Http, *, base_url: str, key: str) -> None:
        self.limits = limits_for(self.name)
        self.access = Access(
            http=http,
            leg=self.name,
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            readers=(read_pollinations,),
        )

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return cost_usd(self.name, self.model, order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """See `Leg.draw`. There is no id to tell: the order itself is the key to the picture."""
        path = f"/image/{quote(order.prompt, safe='')}?{urlencode(_parameters(order))}"
        if len(path) <= _LONGEST_GET:
            data = (await self.access.order_by_get(path)).body
        else:
            data = await self._post(order)
        return RawPicture(
            data=data,
            model=self.model,
            seed=order.seed,
            cost_usd=self.price_usd(order),
        )

    async def _post(self, order: Order) -> bytes:
        body = {
            "prompt": order.prompt,
            "model": self.model,
            "size": f"{order.width}x{order.height}",
            "seed": order.seed,
            "n": 1,
            # Named because the default has changed once already.
            "response_format": "b64_json",
            "nologo": True,
            "private": True,
        }
        reply = await self.access.order("/v1/images/generations", body)
        return await first_picture(self.access, read_images(self.access, reply))


def read_pollinations(words: Words) -> Verdict | None:
    """What gen.pollinations.ai means (enter.pollinations.ai/src, 2026-08; #12135)."""
    match words.status:
        case 400 if words.has("invalid option: expected one of"):
            return Verdict(GoneError)
        case 412:
            # Their own account with the upstream is suspended.
            return Verdict(DownError)
        case 502 if _upstream_status(words.fields) == HTTPStatus.TOO_MANY_REQUESTS:
            # Upstream 401, 402, 403, 404, 409, 429 and 524 all come as 502; only one of them is a throttle.
            return Verdict(BusyError)
    return None


def _upstream_status(fields: Mapping[str, object]) -> object:
    error = fields.get("error")
    details = error.get("details") if isinstance(error, Mapping) else None
    return details.get("upstreamStatus") if isinstance(details, Mapping) else None


def _parameters(order: Order) -> Mapping[str, str | int]:
    return {
        "model": _MODEL,
        "width": order.width,
        "height": order.height,
        "seed": order.seed,
        "nologo": "true",
        "private": "true",
    }
