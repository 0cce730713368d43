"""What every handler needs to know of a request: its language, and who asks."""

from aiohttp import web

from retrato.console.texts import chosen

LANGUAGE_COOKIE = "retrato_language"
LANGUAGE_S = 365 * 24 * 3600


def language_of(request: web.Request) -> str:
    """The language in which to answer."""
    return chosen(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language", ""))


def wants_json(request: web.Request) -> bool:
    """Whether a program asks."""
    return request.path.startswith("/api/")


def wants_fragment(request: web.Request) -> bool:
    """Whether a page that is already open asks for a part of itself."""
    return request.headers.get("HX-Request") == "true"
