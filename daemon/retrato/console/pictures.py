"""``/avatars/{key}``: the pictures of the store, for everybody and for ever."""

from aiohttp import web

from retrato.console.gate import OPEN
from retrato.domain.errors import NotFoundError
from retrato.storage.keys import is_key
from retrato.storage.picture_store import PictureStore

_IMMUTABLE = "public, max-age=31536000, immutable"


class Pictures:
    """Serves what has the name of a picture; no other name reaches the store."""

    def __init__(self) -> None:
        self.store: PictureStore | None = None

    def routes(self) -> list[web.RouteDef]:
        """Where they are found."""
        return [web.get("/avatars/{key:.+}", self._picture, name=f"{OPEN}picture")]

    async def _picture(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if self.store is None or not is_key(key):
            raise web.HTTPNotFound(text="no such picture")
        try:
            data = await self.store.get(key)
        except NotFoundError:
            raise web.HTTPNotFound(text="no such picture") from None
        headers = {"Cache-Control": _IMMUTABLE, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=data, content_type="image/jpeg", headers=headers)
