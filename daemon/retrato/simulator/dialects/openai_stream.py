"""OpenAI's pictures as server-sent events (``stream: true``): previews, then the finished picture."""

import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

_SHARED = ("background", "output_format", "quality", "size")


def to_stream(body: dict[str, Any], *, partials: int) -> web.Response:
    """What *body*, the answer without streaming, becomes as a stream with *partials* previews of each picture."""
    events = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _events(body, partials))
    return web.Response(text=events, content_type="text/event-stream")


def _events(body: dict[str, Any], partials: int) -> Iterator[dict[str, Any]]:
    shared = {name: body[name] for name in _SHARED} | {"created_at": body["created"]}
    for picture in body["data"]:
        for index in range(partials):
            kind = "image_generation.partial_image"
            yield {"type": kind, "partial_image_index": index, **picture, **shared}
        yield {"type": "image_generation.completed", "usage": body["usage"], **picture, **shared}
