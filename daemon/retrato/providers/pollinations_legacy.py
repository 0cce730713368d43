"""Pollinations' anonymous old host: no key, no promise, a small model, and a placeholder now and then."""

import hashlib
import re
from collections import OrderedDict
from http import HTTPStatus
from urllib.parse import quote, urlencode

from retrato.domain.errors import BadRequestError, BusyError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, told_seed
from retrato.providers.exchange import Reply
from retrato.providers.http import Http
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.prices import cost_usd
from retrato.providers.replies import Verdict
from retrato.providers.words import Words

_LONGEST_GET = 8192
"""There is no POST; the front takes about 16 KB (Cloudflare)."""
_THROTTLED_S = 60.0
"""When nothing is stated: the host lasts about one picture a minute (30-45 s in 2026, growing)."""
_REMEMBERED = 256
_MODEL = re.compile(r"[\w./:-]{1,100}", re.ASCII)


class LegacyLeg:
    """
    image.pollinations.ai, served by Sana whatever model is named.

    Nothing is charged, so a repeat is free.
    """

    name = "pollinations/legacy"
    model = "sana"
    repeat_is_free = True

    def __init__(self, http: Http, *, provider: str, base_url: str) -> None:
        self.provider = provider
        self.limits = limits_for(self.name)
        self._access = Access(
            http=http, leg=self.name, base_url=base_url, headers={}, readers=(read_pollinations_legacy,)
        )
        self._seen: OrderedDict[str, str] = OrderedDict()

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return cost_usd(self.name, self.model, order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """See `Leg.draw`."""
        parameters = {
            "width": order.width,
            "height": order.height,
            "seed": order.seed,
            "model": "flux",
            "nologo": "true",
            "private": "true",
        }
        path = f"/prompt/{quote(order.prompt, safe='')}?{urlencode(parameters)}"
        if len(path) > _LONGEST_GET:
            raise BadRequestError(
                f"{self.name}: the prompt makes an address of {len(path)} bytes, at most {_LONGEST_GET} pass",
                leg=self.name,
                sent=False,
            )
        reply = await self._access.order_by_get(path)
        self._refuse_placeholder(reply, path)
        model, seed = reply.headers.get("X-Model", self.model), told_seed(reply.headers.get("X-Seed"))
        return RawPicture(
            data=reply.body,
            model=model if _MODEL.fullmatch(model) else self.model,
            seed=order.seed if seed is None else seed,
            cost_usd=self.price_usd(order),
        )

    def _refuse_placeholder(self, reply: Reply, path: str) -> None:
        """
        Tell a picture from the branded JPEG that stands for "rate limit", with status 200.

        It lacks the headers of a drawn one, and it is the same for every order (pollinations#13102,
        2026-08-05; whether that is in service is not known).
        """
        digest = hashlib.sha256(reply.body).hexdigest()
        first = self._seen.setdefault(digest, path)
        self._seen.move_to_end(digest)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        is_bare = "X-Seed" not in reply.headers and "X-Model" not in reply.headers
        if is_bare or first != path:
            raise BusyError(
                f"{self.name}: a placeholder came instead of a picture",
                leg=self.name,
                status=reply.status,
                retry_after_s=_THROTTLED_S,
            )


def read_pollinations_legacy(words: Words) -> Verdict | None:
    """What image.pollinations.ai means (#11603, #8518; 2026-06 to 2026-10)."""
    # A plain rate limit comes as 402 with an offer to pay in crypto. It is never paid.
    if "x402Version" in words.fields or words.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict(BusyError, retry_after_s=_THROTTLED_S)
    return None
