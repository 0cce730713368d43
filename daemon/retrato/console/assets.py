"""Style sheet, scripts and icons: under an address that changes with the content, so that browsers keep them."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, their hash, its media type."""

    data: bytes
    digest: str
    kind: str


@cache
def assets() -> dict[str, Asset]:
    """All files by their path below ``static/``."""
    found = {}
    for path in sorted(_FOLDER.rglob("*")):
        if path.suffix in _KINDS:
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:12]
            found[path.relative_to(_FOLDER).as_posix()] = Asset(data, digest, _KINDS[path.suffix])
    return found


def address_of(name: str) -> str:
    """Where browsers find the file *name*; a KeyError where there is none."""
    return f"/static/{assets()[name].digest}/{name}"


async def serve(request: web.Request) -> web.Response:
    """``/static/{digest}/{name}``: only what was found at the start, so that no path leads out."""
    asset = assets().get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound(text="no such file")
    is_current = request.match_info["digest"] == asset.digest
    keep = "public, max-age=31536000, immutable" if is_current else "no-cache"
    return web.Response(body=asset.data, content_type=asset.kind, charset="utf-8", headers={"Cache-Control": keep})
