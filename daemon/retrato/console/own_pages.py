"""Addresses of our own pages, as they come back from browsers: nobody is sent elsewhere."""

import re

from aiohttp import web
from yarl import URL

from retrato.console.scenes import scene_of
from retrato.domain.errors import NotFoundError

FIRST = "/empresas"

# Browsers drop tabs and line ends from an address, and take a backslash for a slash; "http:/empresas" and
# "//empresas" name another host. So only what begins with one slash, and holds none of that, is looked at.
_PATH = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")


def own_page(address: str) -> str:
    """*address* if it is one of the pages (path and query alone), else the first page."""
    try:
        if _PATH.fullmatch(address):
            url = URL(address)
            if scene_of(url, "", read_only=True) is not None and _PATH.fullmatch(str(url)):
                return str(url)
    except (ValueError, NotFoundError):
        pass
    return FIRST


def page_before(request: web.Request) -> str:
    """The page on which the browser was when it asked for this; the first page where it does not tell."""
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    try:
        return own_page(URL(address).raw_path_qs)
    except ValueError:
        return FIRST
