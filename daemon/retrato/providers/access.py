"""How a leg reaches one HTTP API, and how it reads what does not go well there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from yarl import URL

from retrato.domain.errors import BadPictureError, ProviderError, UnknownOutcomeError
from retrato.providers.exchange import Reply
from retrato.providers.http import Http
from retrato.providers.pictures import from_base64, looks_like_text, looks_whole
from retrato.providers.replies import Reader, to_error

log = structlog.get_logger()

_SUCCESS = range(200, 300)
_REREAD_WAITS_S = (0.5, 1.0)
"""Before the second and the third reading of a result that is no whole picture."""
_LARGEST_SEED = 2**63 - 1
_LONGEST_SAID = 200


class Answer(BaseModel):
    """Base of what is read from providers' JSON: unknown fields are passed over, values stay out of messages."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


Word = Annotated[str, Field(pattern=r"^[!-~]*$", max_length=200)]
"""A name or id that goes into addresses, books and messages: printable ASCII without spaces."""


def _is_a_name(word: str) -> str:
    if not word.strip("."):
        raise ValueError("dots alone lead to another address")
    return word


RequestId = Annotated[Word, AfterValidator(_is_a_name)]
"""A provider's id of a request."""


def told_seed(value: object) -> int | None:
    """A seed that a provider tells, None where it is none that a database holds: no picture is lost for that."""
    try:
        seed = int(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return seed if seed is not None and 0 <= seed <= _LARGEST_SEED else None


Seed = Annotated[int | None, BeforeValidator(told_seed)]


def _as_text(value: object) -> str:
    try:
        return ("" if value is None else str(value))[:_LONGEST_SAID]
    except (ValueError, RecursionError):  # e.g. a number of thousands of digits
        return f"a {type(value).__name__} that cannot be shown"


ErrorText = Annotated[str, BeforeValidator(_as_text)]
"""What a provider says went wrong, in whatever shape: the beginning of it, empty where it says nothing."""

AnswerT = TypeVar("AnswerT", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """
    One API behind *base_url* (no slash at its end), with the headers that open it.

    ``query`` is appended to every address, e.g. ``?_subdomain=queue``. ``readers`` know the provider's own
    error texts; the first that knows decides. ``is_router``: the API passes on what others say, so that
    addresses in replies name the others' hosts.
    """

    http: Http
    leg: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    query: str = ""
    readers: tuple[Reader, ...] = ()
    is_router: bool = False

    async def order(
        self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """POST *body*: this may cost money. The reply is a success; raises `ProviderError` for all else."""
        reply = await self.http.send(
            "POST",
            self._url(path),
            leg=self.leg,
            paid=True,
            json=body,
            headers={**self.headers, **(headers or {})},
        )
        return self.checked(reply, paid=True)

    async def look(self, path: str, *, timeout_s: float) -> Reply:
        """GET something that is free to read. The reply may have any status."""
        return await self.http.send(
            "GET", self._url(path), leg=self.leg, paid=False, headers=self.headers, timeout_s=timeout_s
        )

    async def put(self, path: str, *, timeout_s: float) -> Reply:
        """PUT nothing, to change what became of an order; that is free. The reply may have any status."""
        return await self.http.send(
            "PUT", self._url(path), leg=self.leg, paid=False, headers=self.headers, timeout_s=timeout_s
        )

    async def order_by_get(self, path: str) -> Reply:
        """
        GET a picture that is drawn by being asked for: this may cost money. The body is no text.

        Only for providers that charge identical requests once: aiohttp itself repeats a GET whose
        connection broke (3.13).
        """
        reply = await self.http.send("GET", self._url(path), leg=self.leg, paid=True, headers=self.headers)
        return self.pictured(self.checked(reply, paid=True))

    def checked(self, reply: Reply, *, paid: bool = False, request_id: str | None = None) -> Reply:
        """*reply*, if its status is a success; *paid*: it answers an order."""
        if reply.status not in _SUCCESS:
            raise self.error(reply, paid=paid, request_id=request_id)
        return reply

    def error(self, reply: Reply, *, paid: bool = False, request_id: str | None = None) -> ProviderError:
        """The error that *reply* is; *paid*: it answers an order."""
        return to_error(reply, leg=self.leg, readers=self.readers, paid=paid, request_id=request_id)

    def parse(
        self, model: type[AnswerT], reply: Reply, *, paid: bool = False, request_id: str | None = None
    ) -> AnswerT:
        """
        The JSON of a successful *reply* as *model*; *paid*: it answers an order.

        Raises:
            ProviderError: it is something else: the error that it contains, else `BadPictureError`.

        """
        try:
            return model.model_validate_json(reply.body)
        except ValidationError as exc:
            raise self.error(reply, paid=paid, request_id=request_id) from exc

    def decode(self, text: str) -> bytes:
        """
        The picture in base64 *text*.

        Raises:
            BadPictureError: it is none.

        """
        try:
            return from_base64(text)
        except ValueError as exc:
            raise BadPictureError(f"{self.leg}: the picture is not valid base64", leg=self.leg) from exc

    async def fetch(self, url: str, *, request_id: str | None = None) -> bytes:
        """
        The finished picture behind *url*, by `Http.fetch_result`, or in it (``data:``); it is no text.

        What is no picture, or half of one, is read up to twice more: that is free, another drawing is not. A half
        that stays the same is what was drawn; imaging judges it.

        Raises:
            UnknownOutcomeError: the host answers with a text: the picture exists and may be paid for.
            BadPictureError: there is nothing.

        """
        if url.startswith("data:"):
            return self.decode(url)
        data: bytes | None = None
        for wait_s in (*_REREAD_WAITS_S, None):
            try:
                read = await self.http.fetch_result(url, leg=self.leg, request_id=request_id)
            except UnknownOutcomeError:
                if not data or looks_like_text(data):
                    raise
                return data
            if looks_whole(read) or (read == data and not looks_like_text(read)):
                return read
            data = read
            if wait_s is not None:
                log.debug("result.reread", leg=self.leg, read_bytes=len(read), wait_s=wait_s)
                await self.http.sleep(wait_s)
        if data and looks_like_text(data):
            message = f"{self.leg}: the result's host answered with a text instead of a picture"
            raise UnknownOutcomeError(message, leg=self.leg, request_id=request_id)
        return self.pictured(Reply(status=200, headers={}, body=data or b""), request_id=request_id).body

    def path_of(self, url: str, *, otherwise: str) -> str:
        """
        The path that a reply names, to be asked for below ``base_url``; *otherwise* where it names none.

        The key goes to ``base_url`` and nowhere else, whatever a reply says. Behind a router a foreign host
        is the partner's own, so its path is taken; elsewhere a foreign host is not believed.
        """
        base = URL(self.base_url)
        try:
            named = URL(url)
            is_ours = named.absolute and named.origin() == base.origin()
        except ValueError:
            return otherwise
        path, own = named.raw_path.rstrip("/"), base.raw_path.rstrip("/")
        if is_ours:
            path = path.removeprefix(own) if path.startswith(f"{own}/") else ""
        return (path if is_ours or self.is_router else "") or otherwise

    def pictured(self, reply: Reply, *, request_id: str | None = None) -> Reply:
        """*reply*, if its body is no text; whether it is a picture is for others to say."""
        if looks_like_text(reply.body):
            raise self.error(reply, request_id=request_id)
        return reply

    def _url(self, path: str) -> str:
        return f"{self.base_url}{path}{self.query}"
