"""The answer of ``/images/generations``: a picture in base64, as a ``data:`` URI, or behind a URL."""

from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from retrato.domain.errors import BadPictureError, RefusedError
from retrato.providers.access import Access, Answer
from retrato.providers.exchange import Reply


class _Entry(Answer):
    b64_json: str | None = None
    url: str | None = None
    respect_moderation: bool | None = None
    """xAI's word for "passed moderation"; False comes without a picture."""


_Tokens = Annotated[int, Field(ge=0, le=1_000_000)]
"""A picture takes some thousands: what says more is no bill, and no budget shall be spent by it."""


class Usage(Answer):
    """What GPT image models count and bill."""

    input_tokens: _Tokens = 0
    output_tokens: _Tokens = 0


def _if_it_is_one(value: Any, read: ValidatorFunctionWrapHandler) -> Usage | None:
    try:
        return Usage.model_validate(read(value))
    except ValidationError:
        return None  # the price list tells then; no picture is lost for that


class ImagesAnswer(Answer):
    """``data`` may be empty: some servers say so that a prompt was refused."""

    data: list[_Entry]
    usage: Annotated[Usage | None, WrapValidator(_if_it_is_one)] = None


def read_images(access: Access, reply: Reply) -> ImagesAnswer:
    """The answer in *reply*; raises the error that it carries, which may come with status 200 (OpenRouter)."""
    answer = access.parse(ImagesAnswer, reply, paid=True)
    fields = reply.fields()
    if any(fields.get(name) for name in ("error", "errors")) or fields.get("success") is False:
        raise access.error(reply, paid=True)
    return answer


async def first_picture(access: Access, answer: ImagesAnswer) -> bytes:
    """
    The bytes of the first picture.

    Raises:
        BadPictureError: there is none.
        RefusedError: the server says that moderation took it away.
        ProviderError: it could not be fetched.

    """
    entry = next(iter(answer.data), None)
    if entry and entry.b64_json:
        return access.decode(entry.b64_json)
    if entry and entry.url:
        return await access.fetch(entry.url)
    if entry and entry.respect_moderation is False:
        raise RefusedError(f"{access.leg}: answered without a picture (moderation)", leg=access.leg)
    raise BadPictureError(f"{access.leg}: no picture in the answer", leg=access.leg)
