"""
``/avatars/{key}``: the pictures of the store, for everybody and for ever.

The address in the database must always work, and one that a bucket has signed does not. So this one stays, and is
answered with the picture itself or, where that is wanted, with a redirect to a freshly signed one.
"""

import structlog
from aiohttp import web

from retrato.console.gate import OPEN
from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.keys import is_key
from retrato.storage.picture_store import IMMUTABLE, JPEG, PictureStore

log = structlog.get_logger()

_AGAIN_S = 5


class Pictures:
    """
    Serves what has the name of a picture; no other name reaches the store.

    With ``signed_url_s`` a bucket's pictures are not handed through, but redirected to addresses at the bucket
    that are good for so many seconds. Whoever has one may use it: nothing here logs them.
    """

    def __init__(self) -> None:
        self.store: PictureStore | None = None
        self.signed_url_s: int | None = None

    def routes(self) -> list[web.RouteDef]:
        """Where they are found."""
        return [web.get("/avatars/{key:.+}", self._picture, name=f"{OPEN}picture")]

    async def _picture(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if self.store is None or not is_key(key):
            raise web.HTTPNotFound(text="no such picture")
        try:
            url = await self._signed(self.store, key, request.method)
            return _redirect(*url) if url is not None else _answer(await self.store.get(key))
        except NotFoundError:
            raise web.HTTPNotFound(text="no such picture") from None
        except StorageError as exc:
            log.warning("picture.unavailable", error=str(exc))
            headers = {"Retry-After": str(_AGAIN_S), "Cache-Control": "no-store"}
            raise web.HTTPServiceUnavailable(text="the store does not answer now", headers=headers) from None

    async def _signed(self, store: PictureStore, key: str, method: str) -> tuple[str, int] | None:
        """An address, and for how many seconds it is good; None where the picture is handed through."""
        if self.signed_url_s is None:
            return None
        # A signature is good for one method.
        url = await store.signed_url(key, lives_s=self.signed_url_s, method="HEAD" if method == "HEAD" else "GET")
        return (url, self.signed_url_s) if url is not None else None


def _answer(data: bytes) -> web.Response:
    headers = {"Cache-Control": IMMUTABLE, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=data, content_type=JPEG, headers=headers)


def _redirect(url: str, lives_s: int) -> web.Response:
    # Who finds the redirect in a cache still has half of the time.
    headers = {
        "Location": url,
        "Cache-Control": f"public, max-age={lives_s // 2}",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(status=302, headers=headers)
