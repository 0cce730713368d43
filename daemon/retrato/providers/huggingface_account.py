"""The dedicated endpoints of a Hugging Face account that run now and whose name fits a pattern."""

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import quote

import structlog
from yarl import URL

from retrato.domain.errors import ProviderError
from retrato.providers.access import Access, Answer, AnswerT, Word
from retrato.providers.http import Http
from retrato.providers.huggingface_endpoint import LEG, Endpoint

log = structlog.get_logger()

_LOOKUP = "huggingface/endpoints"
_LOOKUP_TIMEOUT_S = 10.0
_FRESH_S = 60.0
"""An endpoint that was paused meanwhile fails once and is left alone by its breaker; one a minute is enough."""
_HOME = ".endpoints.huggingface.cloud"


class _Me(Answer):
    name: str


class _Status(Answer):
    state: str = ""
    url: str | None = None


class _Model(Answer):
    repository: Word = ""


class _Entry(Answer):
    name: Word
    status: _Status = _Status()
    model: _Model = _Model()


class _Entries(Answer):
    items: list[_Entry]


class Endpoints:
    """
    Looks the account's endpoints up, at most once a minute.

    ``GET /v2/endpoint/{namespace}`` and its shape are those of huggingface_hub 2.4.0
    (``HfApi.list_inference_endpoints``); nobody has checked them live. *namespace* None is the key's owner.
    """

    def __init__(
        self, http: Http, *, api_url: str, hub_url: str, key: str, pattern: str, namespace: str | None
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = http
        self._api = Access(http=http, leg=_LOOKUP, base_url=api_url, headers=headers)
        self._hub = Access(http=http, leg=_LOOKUP, base_url=hub_url, headers=headers)
        self._pattern = pattern
        self._namespace = namespace
        self._known: Sequence[Endpoint] = ()
        self._fresh_until = http.clock()
        self._lock = asyncio.Lock()

    async def running(self) -> Sequence[Endpoint]:
        """
        The endpoints that can be asked, by name; the last known ones while the account cannot be asked.

        Never raises a `ProviderError`: without its endpoints the provider still has its router.
        """
        async with self._lock:
            if self._http.clock() >= self._fresh_until:
                self._fresh_until = self._http.clock() + _FRESH_S
                try:
                    self._known = await self._ask()
                except ProviderError as exc:
                    log.warning("endpoints.not_looked_up", kept=len(self._known), error=str(exc))
            return self._known

    async def _ask(self) -> Sequence[Endpoint]:
        if self._namespace is None:
            self._namespace = (await self._get(self._hub, "/api/whoami-v2", _Me)).name
        path = f"/v2/endpoint/{quote(self._namespace, safe='')}"
        entries = (await self._get(self._api, path, _Entries)).items
        return [
            Endpoint(leg=f"{LEG}/{entry.name}", url=entry.status.url.rstrip("/"), model=entry.model.repository)
            for entry in sorted(entries, key=lambda entry: entry.name)
            if fnmatchcase(entry.name, self._pattern)
            and entry.status.state == "running"
            and entry.status.url
            and self._may_have_the_key(entry)
        ]

    async def _get(self, access: Access, path: str, model: type[AnswerT]) -> AnswerT:
        reply = await access.look(path, timeout_s=_LOOKUP_TIMEOUT_S)
        return access.parse(model, access.checked(reply))

    def _may_have_the_key(self, entry: _Entry) -> bool:
        """The key goes to Hugging Face's own hosts over https, or to the host that told of the endpoint."""
        try:
            url = URL(entry.status.url or "")
            _ = url.host, url.port  # read when first asked for, and only then refused
        except ValueError:
            url = URL()
        api = URL(self._api.base_url)
        if (url.scheme == "https" and (url.host or "").endswith(_HOME)) or (
            url.absolute and url.origin() == api.origin()
        ):
            return True
        log.warning("endpoint.passed_over", endpoint=entry.name, host=url.host, reason="not at Hugging Face")
        return False
