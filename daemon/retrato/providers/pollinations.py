"""Pollinations: the present API where there is a key, the anonymous old host where there is none."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from retrato.domain.errors import BadPictureError, BusyError, DownError, GoneError, RefusedError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg, NoteRequest
from retrato.providers.pollinations_legacy import LegacyLeg
from retrato.providers.prices import cost_usd
from retrato.providers.replies import Verdict
from retrato.providers.words import Words

NAME = "pollinations"
_MODEL = "flux"
"""Their ``flux`` is Flux Schnell in four steps; FLUX.1 [dev] is not served (registry/image.ts, 2026-08)."""
_LONGEST_GET = 2048
"""An address of so many bytes passes everywhere; longer prompts go by POST."""


class Pollinations:
    """One leg: ``pollinations/gen`` with a key, ``pollinations/legacy`` without."""

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._leg: Leg
        if config.pollinations_key:
            self._leg = GenLeg(http, base_url=config.pollinations_url, key=config.pollinations_key)
        else:
            self._leg = LegacyLeg(http, provider=NAME, base_url=config.pollinations_legacy_url)

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        return (self._leg,)

    async def close(self) -> None:
        """Nothing of its own is open."""


class _Entry(Answer):
    b64_json: str | None = None
    url: str | None = None


class _Images(Answer):
    data: list[_Entry]


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
        self._access = Access(
            http=http,
            leg=self.name,
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            readers=(read_pollinations,),
        )

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """See `Leg.draw`. There is no id to tell: the order itself is the key to the picture."""
        path = f"/image/{quote(order.prompt, safe='')}?{urlencode(_parameters(order))}"
        if len(path) <= _LONGEST_GET:
            data = (await self._access.order_by_get(path)).body
        else:
            data = await self._post(order)
        return RawPicture(
            data=data,
            model=self.model,
            seed=order.seed,
            cost_usd=cost_usd(self.name, width=order.width, height=order.height),
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
        reply = await self._access.order("/v1/images/generations", body)
        entry = next(iter(self._access.parse(_Images, reply).data), None)
        if entry and entry.b64_json:
            return self._access.decode(entry.b64_json)
        if entry and entry.url:
            return await self._access.fetch(entry.url)
        raise BadPictureError(f"{self.name}: no picture in the answer", leg=self.name)


def read_pollinations(words: Words) -> Verdict | None:
    """What gen.pollinations.ai means (enter.pollinations.ai/src, 2026-08; #12135)."""
    match words.status:
        case 400 if words.has("invalid option: expected one of"):
            return Verdict(GoneError)
        case 400 if words.has("nsfw content detected"):
            return Verdict(RefusedError)
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
