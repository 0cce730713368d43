"""Behind a real nginx as most people set it up: what it does not say opens nothing, what is shared stays apart."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from tests.console.console_support import EMPRESA, TOKEN, login_cookie
from tests.system.servers import await_port, free_port
from tests.tools import needs

PLAIN = "proxy_pass {url};"
KEEPING = "proxy_pass http://console; proxy_http_version 1.1; proxy_set_header Connection '';"
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    upstream console {{ server {address}; keepalive 1; }}
    server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
}}
"""


@asynccontextmanager
async def _nginx(folder, url, location):
    """An nginx before the console at *url*; yields its own address."""
    program = needs("nginx", untested="the console behind nginx")
    port = free_port()
    configuration = CONFIGURATION.format(
        folder=folder, port=port, address=url.removeprefix("http://"), location=location.format(url=url)
    )
    (folder / "nginx.conf").write_text(configuration)
    process = await asyncio.create_subprocess_exec(
        program, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"
    )
    try:
        await asyncio.to_thread(await_port, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("location", [PLAIN, KEEPING], ids=["plain", "keeping"])
async def test_strangers_start_no_paid_work_through_a_proxy_that_says_nothing(
    console, people, stranger, connection, tmp_path, location
):
    await people.company()
    await people.persona()
    await connection.execute("delete from retrato.jobs")
    async with _nginx(tmp_path, console.url, location) as proxy:
        statuses = []
        for method, path in (
            ("GET", "/empresas"),
            ("GET", "/api/empresas"),
            ("GET", "/events?page=/empresas"),
            ("POST", f"/empresas/{EMPRESA}/run"),
            ("POST", f"/api/empresas/{EMPRESA}/generate"),
        ):
            headers = {"Sec-Fetch-Site": "same-origin"}
            async with stranger.request(method, proxy + path, headers=headers, allow_redirects=False) as answer:
                statuses.append(answer.status)

    assert statuses == [303, 401, 401, 401, 401]
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


@pytest.mark.parametrize("location", [PLAIN, KEEPING], ids=["plain", "keeping"])
async def test_login_and_order_work_through_a_proxy_that_sends_the_upstreams_name(
    console, people, stranger, connection, tmp_path, location
):
    await people.company()
    await people.persona()
    await connection.execute("delete from retrato.jobs")
    async with _nginx(tmp_path, console.url, location) as proxy:
        # Over http, and not on localhost, browsers send no Sec-Fetch-Site.
        page = {"Origin": "http://console.intranet", "Host": "console.intranet"}
        form = {"token": TOKEN, "back": f"/empresas/{EMPRESA}"}
        async with stranger.post(f"{proxy}/login", data=form, headers=page, allow_redirects=False) as answer:
            login = (answer.status, answer.headers["Location"])
            cookie = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in answer.cookies.values())}
        order = f"{proxy}/empresas/{EMPRESA}/run"
        async with stranger.post(order, headers={**page, **cookie}, allow_redirects=False) as answer:
            ordered = answer.status
        foreign = {**page, **cookie, "Origin": "http://evil.intranet"}
        async with stranger.post(order, headers=foreign, allow_redirects=False) as answer:
            refused = answer.status

    assert login == (303, f"/empresas/{EMPRESA}")
    assert (ordered, refused) == (303, 403)
    assert await connection.fetchval("select count(*) from retrato.jobs") == 1


async def test_head_of_the_events_does_not_corrupt_the_next_clients_answer(console, people, tmp_path):
    await people.company()
    async with _nginx(tmp_path, console.url, KEEPING) as proxy:
        for _ in range(5):
            async with (
                _client(cookies=login_cookie()) as one,
                one.head(f"{proxy}/events?page=/empresas") as answer,
            ):
                assert answer.status == 200
            async with _client() as other, other.get(f"{proxy}/healthz") as answer:
                assert await answer.json() == {"status": "alive"}


def _client(**options):
    """Somebody with a connection of his own."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), **options)
