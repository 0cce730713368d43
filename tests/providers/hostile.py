"""A server that answers whatever it is told to, and everything that an answer could hurt with."""

import asyncio
import gzip
import json
import socket
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import strategies as st
from provider_support import raw_server

# JSON that json.dumps does not write: put in place of these words afterwards.
_UNWRITABLE = {
    '"@huge@"': b"9" * 5000,
    '"@deep@"': b"[" * 100_000 + b"]" * 100_000,
    '"@nested@"': b'{"error":' * 900 + b"1" + b"}" * 900,
    '"@listed@"': b'{"detail":[' * 450 + b"1" + b"]}" * 450,
    '"@far@"': b"1e400",
    '"@half@"': b'"\\ud800"',
    '"@nul@"': b'"\\u0000\\u0000\\u0000"',
}

HOSTILE_URLS = (
    "",
    "x",
    "not a url",
    "https://",
    "http://[::1",
    "https://::1:5980/x",
    "https://127.0.0.1:99999/x",
    "https://127.0.0.1:-1/x",
    "https://127.0.0.1:x/x",
    "https://127.0.0.1:\u0661\u0662/x",
    f"https://{'a' * 64}.example/x",
    f"https://{'a.' * 200}example/x",
    "https://a..b.example/x",
    "https://.example/x",
    "https://xn--\u00e9.example/x",
    "https://xn--a.example/x",
    "https://\u2024.example/x",
    "https://\ud800.example/x",
    "https://a\x00b.example/x",
    "https://a b.example/x",
    "https://user:password@host.example/x",
    "https://[fe80::1%25eth0]/x",
    "https://[::ffff:127.0.0.1]:99999/x",
    "https://[v1.x]/x",
    "https://1.2.3.4.5/x",
    "https://0x7f000001/x",
    "https://999.999.999.999/x",
    "//127.0.0.1/x",
    "///x",
    "http:x",
    "http:///x",
    "ftp://127.0.0.1/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:",
    "data:,",
    "data:image/png;base64,",
    "data:image/png;base64,%%%",
    "data:image/png;base64,AAA",
    "data:image/png;base64,\u0661\u0661\u0661\u0661",
    "HTTPS://HOST.EXAMPLE:65536/x",
    "{base}/x\r\nX-Injected: 1",
    "{base}/x y\tz",
    "{base}/%zz%",
    "{base}/\ud800",
    "{base}:1/x",
    "{base}/" + "a" * 20_000,
    "{base}/../..//./x?#",
    "{base}/requests/r1",
    "{base}/x.jpg",
)

HOSTILE_HEADERS = (
    b"Retry-After: 0",
    b"Retry-After: 9" + b"9" * 6000,
    b"Retry-After: -1",
    b"Retry-After: nan",
    b"Retry-After: 1e400",
    b"Retry-After: \xd9\xa1\xd9\xa2",
    b"Retry-After: \xff\xfe",
    b"Retry-After: Fri, 31 Dec 9999 23:59:59 -2359",
    b"Retry-After: Mon, 01 Jan 0001 00:00:00 +2359",
    b"Retry-After: Mon, 01 Jan 0001 00:00:00",
    b"Retry-After: Mon, 32 Foo 99999999999 99:99:99 +999999999999",
    b"Retry-After: Wed, 01 Jan 2020 00:00:00 +99999999",
    b"Retry-After: 1 1 1 1 1 1",
    b"Retry-After: ,,,",
    b"Date: Mon, 01 Jan 0001 00:00:00",
    b"Date: \xff",
    b"retry-after-ms: 1e308",
    b'RateLimit: "api";r=0;t=' + b"9" * 5000,
    b'RateLimit: "api";r=' + b"0" * 5000 + b";t=1",
    b'RateLimit: "api";r=\xd9\xa0;t=\xd9\xa1',
    b'RateLimit-Policy: "api";q=1;w=' + b"9" * 5000,
    b"Content-Type: application/json; charset=no-such-thing",
    b"Content-Type: ;;;\xff",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: br",
    b"Content-Encoding: zstd",
    b"Content-Encoding: gzip, gzip",
    b"Set-Cookie: a=b; expires=never; \xff=\xff",
    b"Link: <://[>; rel=next",
    b"x-fal-billable-units: 1e300",
    b"x-fal-billable-units: -1",
    b"x-fal-billable-units: \xd9\xa1",
    b"x-fal-request-id: \xff",
    b"X-Fal-Retryable: true",
    b"X-Fal-Error-Type: \xff",
    b"X-Error-Code: \xff\xff",
    b"X-Error-Message: \xff\xff",
    b"X-Seed: " + b"9" * 5000,
    b"X-Seed: 99999999999999999999",
    b"X-Seed: \xc2\xb2",
    b"X-Seed: 7",
    b"X-Model: \xff\xfe",
    b"X-Model: " + b"m" * 7000,
    b"x-request-id: \xff",
    b"Transfer-Encoding: nonsense",
    b"Upgrade: websocket\r\nConnection: upgrade",
    b"Folded: a\r\n b",
    b"No-Colon",
    b"\xff: \xff",
)

_ints = st.one_of(
    st.integers(-2, 3),
    st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40, 10**400]),
    st.integers(400, 599),
)
_texts = st.one_of(
    st.sampled_from(HOSTILE_URLS),
    st.sampled_from(["", ".", "..", "../../x", "a/b", "a?b#c", "\x00", "r\r\n1", "nsfw", "\u0663", "x" * 10_000]),
    st.sampled_from(["COMPLETED", "completed", "succeeded", "failed", "processing", "running", "text-to-image"]),
    st.text(max_size=8),
)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    _ints,
    st.floats(),
    _texts,
    st.sampled_from([word.strip('"') for word in _UNWRITABLE]),
)
junk = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["error", "errors", "detail", "message", "url", "code", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


_PNG = "data:image/png;base64,iVBORw0KGgo="
_PICTURE = {"url": "{base}/x.jpg", "b64_json": None}
_PARTNER = {"provider": "fal-ai", "providerId": "fal-ai/flux/dev", "task": "text-to-image"}
_RIGHT: Mapping[str, object] = {
    # fal
    "request_id": "r1",
    "response_url": "{base}/fal-ai/flux/requests/r1",
    "status_url": "{base}/fal-ai/flux/requests/r1/status",
    "status": "COMPLETED",
    "images": [_PICTURE],
    "seed": 7,
    "has_nsfw_concepts": [False],
    # Replicate
    "id": "r1",
    "output": ["{base}/x.jpg"],
    "error": None,
    # Hugging Face: who serves the model, whose key it is, which endpoints run
    "inferenceProviderMapping": {
        "fal-ai": _PARTNER,
        "replicate": {**_PARTNER, "providerId": "black-forest-labs/flux-dev:abc"},
        "wavespeed": _PARTNER,
        "nscale": _PARTNER,
    },
    "name": "me",
    "items": [
        {"name": "e1", "status": {"state": "running", "url": "{base}/e1"}, "model": {"repository": "a/b"}},
        {"name": "e2", "status": {"state": "running", "url": "{base}/e2"}, "model": {"repository": "a/b"}},
    ],
    # Pollinations
    "balance": 1.5,
    "code": 200,
}
_OPENAI = {"data": [_PICTURE], "usage": {"input_tokens": 10, "output_tokens": 4000}}
_WAVESPEED = {
    "data": {
        "id": "r1",
        "status": "completed",
        "outputs": ["{base}/x.jpg"],
        "urls": {"get": "{base}/api/v3/predictions/r1/result"},
        "has_nsfw_contents": [False],
        "error": None,
    }
}
_OTHER_ENDS = ("failed", "processing", "succeeded", "completed")


def _places(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*at, key))


@st.composite
def _bodies(draw: st.DrawFn) -> dict[str, object]:
    """What is right for every leg and every lookup, with up to two values spoiled."""
    body = json.loads(json.dumps({**_RIGHT, **draw(st.sampled_from([_OPENAI, _WAVESPEED]))}))
    if draw(st.integers(0, 3)) == 0:
        body["status"] = draw(st.sampled_from(_OTHER_ENDS))
        body["output"] = None
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(list(_places(body))))
        holder = body
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = draw(st.one_of(junk, _texts))
    return body


@dataclass(frozen=True)
class Answer:
    """What goes over the wire; ``{base}`` stands for the server's own address."""

    head: bytes
    body: bytes

    def at(self, base: str) -> bytes:
        return self.head + self.body.replace(b"{base}", base.encode())


def _json(value: object) -> bytes:
    text = json.dumps(value).encode()
    for word, written in _UNWRITABLE.items():
        text = text.replace(word.encode(), written)
    return text


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """One answer: mostly nearly right, for what is quite wrong is noticed at once."""
    body = draw(
        st.one_of(
            _bodies().map(_json),
            _bodies().map(_json),
            _bodies().map(_json),
            _bodies().map(_json),
            junk.map(_json),
            st.sampled_from(
                [b"", b"\xff\xd8\xff\xe0 picture", b"<html><title>\xff", b"{", b"\xff\xfe{\x00}\x00", b"\x89PNG"]
            ),
            st.binary(max_size=40),
        )
    )
    body = draw(st.sampled_from([lambda it: it] * 6 + [gzip.compress, zlib.compress]))(body)
    status = draw(
        st.one_of(
            st.just(200),
            st.just(200),
            st.sampled_from(
                [
                    201,
                    204,
                    206,
                    301,
                    302,
                    307,
                    100,
                    101,
                    199,
                    304,
                    400,
                    401,
                    402,
                    403,
                    404,
                    412,
                    418,
                    422,
                    429,
                    499,
                    500,
                    502,
                    503,
                    520,
                    999,
                    600,
                    0,
                ]
            ),
        )
    )
    headers = draw(st.lists(st.sampled_from(HOSTILE_HEADERS), max_size=3))
    if status in range(300, 400) or draw(st.integers(0, 9)) == 0:
        location = draw(st.one_of(st.sampled_from(HOSTILE_URLS), st.text(max_size=10)))
        headers.append(b"Location: " + location.encode("utf-8", "surrogatepass"))
    match draw(
        st.sampled_from(
            ["right", "right", "right", "right", "closed", "short", "long", "chunked", "bad chunks", "nonsense"]
        )
    ):
        case "right":
            headers.append(b"Content-Length: %d" % len(body))
        case "short":
            headers.append(b"Content-Length: %d" % (len(body) // 2))
        case "long":
            headers.append(b"Content-Length: %d" % (len(body) + 10))
        case "chunked":
            headers.append(b"Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        case "bad chunks":
            headers.append(b"Transfer-Encoding: chunked")
            body = draw(
                st.sampled_from(
                    [
                        b"zz\r\n",
                        b"-1\r\n",
                        b"fffffffffffffffffff\r\nx",
                        b"5\r\nab",
                        b"1;\xff\r\na\r\n0\r\nA\xff\r\n\r\n",
                    ]
                )
            )
        case "nonsense":
            headers.append(
                draw(
                    st.sampled_from(
                        [
                            b"Content-Length: -1",
                            b"Content-Length: x",
                            b"Content-Length: 1\r\nContent-Length: 2",
                            b"Content-Length: " + b"9" * 5000,
                        ]
                    )
                )
            )
        case _:
            pass
    line = (
        draw(
            st.sampled_from(
                [b"HTTP/1.1 %03d OK"] * 8 + [b"HTTP/1.1 %d \xff", b"HTTP/9.9 %d x", b"%d", b"HTTP/1.0 %d"]
            )
        )
        % status
    )
    return Answer(b"\r\n".join([line, *headers]) + b"\r\n\r\n", body)


KNOWN_NAME = "api.openai.com"


class Names(AbstractResolver):
    """Knows one name, which leads here, and stumbles as the real one does over what cannot be one."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        host.encode("idna")
        if "\x00" in host:
            raise ValueError("embedded null character")
        if host != KNOWN_NAME:
            raise OSError(socket.EAI_NONAME, "Name or service not known")
        here = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [here]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def hostile_server(replies: Sequence[Answer]) -> AsyncIterator[str]:
    """Answers requests with *replies*, one after the other, the last one for ever; yields its address."""
    left = list(replies)
    base = ""  # known once it listens

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reply = left.pop(0) if len(left) > 1 else left[0]
        writer.write(reply.at(base))
        await writer.drain()

    async with raw_server(serve) as address:
        base = address
        yield address
