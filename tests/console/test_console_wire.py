"""What is on the wire behind an answer without a body, on connections that others use next."""

import asyncio
import re

import pytest
from tests.console.console_support import EMPRESA, TOKEN, running_console

from retrato.console.gate import House

STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")
ROUTES = [
    "/",
    "/empresas",
    f"/empresas/{EMPRESA}",
    f"/empresas/{EMPRESA}/force",
    "/empresas/nowhere",
    "/personas/nowhere",
    "/providers",
    "/login",
    "/language/en?back=/empresas",
    "/language/xx",
    "/static/x/console.css",
    "/static/x/nothing.css",
    "/avatars/a/b/v1-1-0000000000000000.jpg",
    "/api/openapi.json",
    "/api/empresas",
    "/api/empresas/nowhere",
    "/events?page=/empresas",
    f"/events?page=/empresas/{EMPRESA}",
    "/events?page=/nowhere",
    "/events",
    "/healthz",
    "/readyz",
    "/metrics",
    "/nowhere",
]
POSTS = ["/logout", "/login", f"/empresas/{EMPRESA}/run", f"/api/empresas/{EMPRESA}/generate"]


@pytest.fixture
async def served(database, connection, store, people):
    await people.company()
    async with running_console(database, connection, store, house=House("127.0.0.1", token=TOKEN)) as running:
        yield running.url


async def _asked(url, *requests, token):
    """The answers on one connection, up to the one to the last request, which closes it."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**22)
    bearer = f"Authorization: Bearer {TOKEN}\r\n" if token else ""
    for number, request in enumerate(requests):
        close = "Connection: close\r\n" if number == len(requests) - 1 else ""
        writer.write(f"{request} HTTP/1.1\r\nHost: localhost\r\n{bearer}{close}\r\n".encode())
    async with asyncio.timeout(20):
        answers = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answers


@pytest.mark.parametrize("token", [True, False], ids=["known", "stranger"])
@pytest.mark.parametrize("path", ROUTES)
async def test_answer_to_head_has_no_body_so_that_the_next_one_is_read_right(served, path, token):
    answers = await _asked(served, f"HEAD {path}", "GET /healthz", token=token)

    head, _, rest = answers.partition(b"\r\n\r\n")
    assert STATUS.match(head), head
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n"), (head, rest[:200])
    assert rest.endswith(b'{"status": "alive"}')


@pytest.mark.parametrize("path", [path for path in ROUTES if not path.startswith("/events?page=/empresas")])
async def test_head_answers_as_get_does(served, path):
    statuses = [
        STATUS.match(await _asked(served, f"{method} {path}", token=True))[1] for method in ("HEAD", "GET")
    ]

    assert statuses[0] == statuses[1]


async def test_head_of_a_stream_leaves_no_page_open(database, connection, store, people):
    await people.company()
    async with running_console(database, connection, store) as running:
        answer = await _asked(running.url, f"HEAD /events?page=/empresas/{EMPRESA}", token=True)
        full = running.live
        full._most_pages = 0
        refused = await _asked(running.url, f"HEAD /events?page=/empresas/{EMPRESA}", token=True)
        still_open = full.open_pages

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: text/event-stream\r\n" in answer
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert still_open == 0


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize("path", POSTS)
async def test_no_method_breaks_the_connection_for_the_next_one(served, path, method):
    answers = await _asked(served, f"{method} {path}", "GET /healthz", token=True)

    assert answers.count(b"HTTP/1.1 ") == 2
    assert answers.endswith(b'{"status": "alive"}')


async def test_metrics_port_answers_head_without_a_body(database, connection, store):
    async with running_console(database, connection, store, metrics_port=0) as running:
        url = running.console.metrics_url
        for path in ("/healthz", "/readyz", "/metrics", "/nowhere"):
            answers = await _asked(url, f"HEAD {path}", "GET /healthz", token=False)

            assert answers.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200 OK\r\n"), path
