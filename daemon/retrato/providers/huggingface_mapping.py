"""Who serves a model behind Hugging Face's router: the Hub's mapping, kept for some hours."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import structlog

from retrato.domain.errors import GoneError, ProviderError
from retrato.providers.access import Answer, Word
from retrato.providers.exchange import Reply
from retrato.providers.http import Http
from retrato.providers.replies import to_error

log = structlog.get_logger()

_DEFAULT_ROUTES: Mapping[str, Mapping[str, str]] = {
    "black-forest-labs/FLUX.1-dev": {
        "fal-ai": "fal-ai/flux/dev",
        "replicate": "black-forest-labs/flux-dev",
        "wavespeed": "wavespeed-ai/flux-dev",
    },
    "black-forest-labs/FLUX.1-schnell": {"nscale": "black-forest-labs/FLUX.1-schnell"},
}
"""For a start while the Hub is down (mapping as of hub-docs text-to-image.md, 2026-08-22)."""

_LOOKUP = "huggingface/mapping"
_TASK = "text-to-image"
_LOOKUP_TIMEOUT_S = 10.0
_AGAIN_AFTER_S = 60.0
"""The least time between two lookups, also after a failed one: nobody waits for a Hub that is down twice."""


def known_routes(model: str) -> Mapping[str, str]:
    """The partners that served *model* when this was written; empty where that is not known."""
    return _DEFAULT_ROUTES.get(model, {})


class _Entry(Answer):
    provider: str = ""
    providerId: Word = ""  # noqa: N815 — as the Hub writes it
    task: str = _TASK


class _Model(Answer):
    # A dict keyed by provider for one model, a list with a "provider" key elsewhere (hub-docs, 2026-08).
    inferenceProviderMapping: dict[str, _Entry] | list[_Entry] | None = None  # noqa: N815


class HuggingFaceMapping:
    """
    The partners that serve *model* and their own ids for it, as the Hub tells.

    Looked up without the token: the mapping is public, and a dead token must not hide it.
    """

    def __init__(self, http: Http, *, hub_url: str, model: str, ttl_s: float) -> None:
        self._http = http
        self._url = f"{hub_url}/api/models/{quote(model)}?expand=inferenceProviderMapping"
        self._model = model
        self._ttl_s = ttl_s
        self._routes: Mapping[str, str] | None = known_routes(model) or None
        self._fresh_until = self._again_at = http.clock()
        self._lock = asyncio.Lock()

    async def routes(self) -> Mapping[str, str]:
        """
        Partner → the partner's id of the model, in the Hub's order; partners that we do not know included.

        While the Hub cannot be asked, the last answer holds, and before the first one a built-in default. The same
        when the Hub says that it does not know the model: that may be a mistake, partners tell themselves what
        they do not serve, and the Hub is asked again after a minute.

        Raises:
            GoneError: nobody serves the model, or the Hub does not know it and never did.
            ProviderError: the Hub could not be asked, and nothing is known from before.

        """
        async with self._lock:
            if self._http.clock() >= self._fresh_until:
                await self._look_up()
            if self._routes:
                return self._routes
        raise GoneError(
            f"nobody serves {self._model} on Hugging Face",
            leg=_LOOKUP,
            retry_after_s=max(self._fresh_until - self._http.clock(), 0),
        )

    async def reread(self) -> Mapping[str, str]:
        """As `routes`, but after a look at the Hub, unless the last one was less than a minute ago."""
        if self._http.clock() >= self._again_at:
            self._fresh_until = self._http.clock()
        return await self.routes()

    async def _look_up(self) -> None:
        now = self._http.clock()
        self._again_at = now + _AGAIN_AFTER_S
        try:
            self._routes = await self._ask()
            self._fresh_until = now + self._ttl_s
        except ProviderError as exc:
            self._fresh_until = self._again_at
            if isinstance(exc, GoneError):
                self._routes = self._routes or {}
            elif self._routes is None:
                self._fresh_until = now
                raise
            log.warning("mapping.kept", model=self._model, error=str(exc))

    async def _ask(self) -> Mapping[str, str]:
        reply = await self._http.send("GET", self._url, leg=_LOOKUP, paid=False, timeout_s=_LOOKUP_TIMEOUT_S)
        if reply.status != HTTPStatus.OK:
            raise to_error(reply, leg=_LOOKUP)
        return _read(reply)


def _read(reply: Reply) -> Mapping[str, str]:
    try:
        entries = _Model.model_validate_json(reply.body).inferenceProviderMapping or []
    except ValueError as exc:
        raise to_error(reply, leg=_LOOKUP) from exc
    if isinstance(entries, dict):
        entries = [entry.model_copy(update={"provider": name}) for name, entry in entries.items()]
    return {entry.provider: entry.providerId for entry in entries if entry.providerId and entry.task == _TASK}
