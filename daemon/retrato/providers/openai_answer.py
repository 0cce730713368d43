"""The answer of ``/images/generations``: a picture in base64, as a ``data:`` URI, or behind a URL."""

from retrato.domain.errors import BadPictureError, RefusedError
from retrato.providers.access import Access, Answer
from retrato.providers.exchange import Reply


class _Entry(Answer):
    b64_json: str | None = None
    url: str | None = None
    respect_moderation: bool | None = None
    """xAI's word for "passed moderation"; False comes without a picture."""


class Usage(Answer):
    """What GPT image models count and bill."""

    input_tokens: int = 0
    output_tokens: int = 0


class ImagesAnswer(Answer):
    """``data`` may be empty: some servers say so that a prompt was refused."""

    data: list[_Entry]
    usage: Usage | None = None


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
