"""Live events: every page learns what has changed, and nobody is slowed down by those who look."""

import asyncio
import json
import time
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector
from tests.console.console_support import EMPRESA, TOKEN, events_of, login_cookie, running_console, until
from yarl import URL

from retrato.console.live import FullError, Live, Page
from retrato.console.scenes import scene_of
from retrato.console.views import dom_id
from retrato.domain.errors import StoreUnavailableError

PAGE = f"/empresas/{EMPRESA}"


@pytest.fixture
async def empresa(people):
    return await people.company()


class Listener:
    """A page that listens as a browser does."""

    def __init__(self, stream):
        self._stream = stream
        self.html = {}
        self.orders = {}
        self.messages = 0

    async def until(self, condition):
        """Read until what is shown satisfies *condition*."""
        async with asyncio.timeout(20):
            while not condition(self):
                line = (await self._stream.content.readline()).decode()
                assert line, "the stream has ended"
                if line.startswith('data: {"html"'):
                    data = json.loads(line.removeprefix("data: "))
                    self.html |= data["html"]
                    self.orders |= data["orders"]
                    self.messages += 1


async def _listen(stack, http, url, page=PAGE):
    stream = await stack.enter_async_context(http.get(f"{url}/events", params={"page": page}))
    assert stream.status == 200
    return Listener(stream)


def _shows(persona_id, state):
    return lambda page: f'data-state="{state}"' in page.html.get(dom_id(persona_id), "")


async def test_page_sees_a_persona_from_insert_to_picture(console, http, people, empresa):
    async with AsyncExitStack() as stack:
        page = await _listen(stack, http, console.url)
        await page.until(lambda page: page.orders == {"gallery": []})
        persona_id = await people.persona("Ana")
        await page.until(_shows(persona_id, "queued"))
        await people.start(persona_id)
        await page.until(_shows(persona_id, "running"))
        await people.finish(persona_id)
        await page.until(_shows(persona_id, "ready"))

        assert page.orders == {"gallery": [dom_id(persona_id)]}
        assert "<b>1</b> de 1 prontas" in " ".join(page.html["summary"].split())


async def test_only_what_has_changed_is_sent(console, http, people, empresa):
    ids = await people.personas("Ana", "Bia", "Cai")
    async with AsyncExitStack() as stack:
        page = await _listen(stack, http, console.url)
        await page.until(_shows(ids[2], "queued"))
        page.html.clear()
        await people.finish(ids[1])
        await page.until(_shows(ids[1], "ready"))

    assert {dom_id(ids[0]), dom_id(ids[2]), "empty", "paging"} & set(page.html) == set()


async def test_pages_of_all_replicas_see_what_any_has_drawn(database, connection, store, http, people, empresa):
    """Nothing but the database connects them."""
    persona_id = await people.persona()
    async with AsyncExitStack() as stack:
        pages = []
        for _ in range(2):
            running = await stack.enter_async_context(running_console(database, connection, store))
            pages.append(await _listen(stack, http, running.url))
        for page in pages:
            await page.until(_shows(persona_id, "queued"))
        await people.finish(persona_id)
        for page in pages:
            await page.until(_shows(persona_id, "ready"))


async def test_what_leaves_no_mark_is_seen_by_the_look_at_all(database, connection, store, http, people, empresa):
    persona_id = await people.persona("Ana")
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(
            running_console(database, connection, store, look_at_all_every_s=0.5)
        )
        page = await _listen(stack, http, running.url)
        await page.until(_shows(persona_id, "queued"))
        await connection.execute("update personas set full_name = 'Outra' where id = $1::text::uuid", persona_id)
        await page.until(lambda page: "Outra" in page.html[dom_id(persona_id)])
        await connection.execute("delete from personas")
        await page.until(lambda page: page.orders == {"gallery": []})


async def test_reconnecting_brings_everything(console, http, people, empresa):
    persona_id = await people.persona()
    first = await events_of(http, console.url, PAGE, names=["pieces"])
    await people.finish(persona_id)
    async with AsyncExitStack() as stack:
        page = await _listen(stack, http, console.url)
        await page.until(_shows(persona_id, "ready"))

    assert "summary" in first[0]["html"]
    assert "summary" in page.html


async def test_two_hundred_pages_of_one_company_are_read_for_once(console, people, empresa):
    persona_id = await people.persona()
    looks = 0
    scene = scene_of(URL(PAGE), "en", read_only=False)
    gallery = console.desk.reads.gallery

    async def counted(*args, **kwargs):
        nonlocal looks
        looks += 1
        return await gallery(*args, **kwargs)

    console.desk.reads.gallery = counted
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            ClientSession(
                connector=TCPConnector(limit=0), cookies=login_cookie(), cookie_jar=CookieJar(unsafe=True)
            )
        )
        pages = await asyncio.gather(*(_listen(stack, http, console.url) for _ in range(200)))
        await asyncio.gather(*(page.until(_shows(persona_id, "queued")) for page in pages))
        before = looks
        await people.finish(persona_id)
        await asyncio.gather(*(page.until(_shows(persona_id, "ready")) for page in pages))

    assert scene is not None
    # The look after the change, and one more for the mark's last seconds.
    assert looks - before <= 4


async def test_ten_thousand_attempts_leave_room_for_the_rest(console, http, people, empresa):
    """Beyond the limit each is told to come back, and the other pages are as quick as ever."""
    console.live._most_pages = 50
    statuses = []

    async def attempt(flood, gate):
        async with gate, flood.get(f"{console.url}/events", params={"page": PAGE}) as stream:
            statuses.append(stream.status)
            if stream.status == 200:
                await enough.wait()

    enough = asyncio.Event()
    gate = asyncio.Semaphore(250)
    async with (
        ClientSession(
            connector=TCPConnector(limit=0), cookies=login_cookie(), cookie_jar=CookieJar(unsafe=True)
        ) as flood,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(10_000):
            group.create_task(attempt(flood, gate))
        await until(lambda: len(statuses) >= 5_000)
        async with http.get(f"{console.url}/healthz") as answer:
            assert answer.status == 200
        async with http.get(console.url + PAGE) as answer:
            assert answer.status == 200
        await until(lambda: len(statuses) == 10_000)
        enough.set()

    assert statuses.count(200) == 50
    assert statuses.count(503) == 9_950


async def test_who_goes_away_makes_room(console, http, people, empresa):
    async with AsyncExitStack() as stack:
        await _listen(stack, http, console.url)
        assert console.live.open_pages == 1
    await until(lambda: console.live.open_pages == 0)


async def test_silent_pages_get_a_sign_of_life(console, http, empresa, monkeypatch):
    monkeypatch.setattr("retrato.console.events._TICK_S", 0.1)
    monkeypatch.setattr("retrato.console.events._KEEPALIVE_S", 0.3)
    async with http.get(f"{console.url}/events", params={"page": PAGE}) as stream:
        while b"event: alive" not in (line := await stream.content.readline()):
            assert line


async def test_who_does_not_read_is_cut_off(console, people, empresa, monkeypatch):
    monkeypatch.setattr("retrato.console.events._PATIENCE_S", 0.3)
    for number in range(48):
        await people.persona(f"Pessoa {number}", role="x" * 2000)
    host, port = console.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1024)
    token = f"Authorization: Bearer {TOKEN}"
    writer.write(f"GET /events?page={PAGE} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n\r\n".encode())
    await until(lambda: console.live.open_pages == 1)

    def everything_again_which_nobody_reads():
        for stage in console.live._stages.values():
            for page in stage.pages:
                page.overrun = True
                page.news.set()
        return console.live.open_pages == 0

    await until(everything_again_which_nobody_reads)
    writer.close()


def test_queue_of_a_slow_page_is_bounded():
    page = Page()
    for number in range(1000):
        page.tell(b"%d" % number)

    assert page.overrun
    assert len(page.waiting) <= 8


async def test_streams_end_first_on_a_stop(console, http, people, empresa):
    async with AsyncExitStack() as stack:
        page = await _listen(stack, http, console.url)
        await page.until(lambda page: page.html)
        console.stop.set()
        async with asyncio.timeout(10):
            while await page._stream.content.readline():
                pass
        async with http.get(f"{console.url}/events", params={"page": PAGE}) as late:
            assert late.status == 503
        async with http.get(f"{console.url}/healthz") as answer:
            assert answer.status == 200


async def test_database_that_is_away_is_told_once_and_its_return_too(console, http, people, empresa):
    marks = console.desk.reads.marks

    async def away(_ids):
        raise StoreUnavailableError("gone")

    async with http.get(f"{console.url}/events", params={"page": PAGE}) as stream:
        while b"event: pieces" not in await stream.content.readline():
            pass
        console.desk.reads.marks = away
        while b"event: away" not in await stream.content.readline():
            pass
        console.desk.reads.marks = marks
        while b"event: back" not in (line := await stream.content.readline()):
            assert b"away" not in line


async def test_looks_rest_four_times_as_long_as_they_take(console, people, empresa):
    """However slow the database is, at most a fifth of one connection belongs to those who look."""

    class Slow:
        busy_s = 0.0

        async def look(self, _desk):
            await asyncio.sleep(0.05)
            Slow.busy_s += 0.05
            raise StoreUnavailableError("slow")

        tag, template, read_only = "en", "", False

    live = Live(console.desk, look_every_s=0.01)
    stop = asyncio.Event()
    with live.open(Slow()):
        started_at = time.monotonic()
        running = asyncio.create_task(live.run(stop))
        await asyncio.sleep(1.5)
        stop.set()
        await running
        took_s = time.monotonic() - started_at

    assert 0 < Slow.busy_s < took_s / 3


async def test_a_full_house_takes_nobody(console):
    live = Live(console.desk, most_pages=1)
    scene = scene_of(URL("/empresas"), "en", read_only=False)

    with live.open(scene), pytest.raises(FullError), live.open(scene):
        pass


async def test_a_page_of_nothing_has_no_events(console, http):
    for page in ("/nowhere", "", "/empresas/x/y/z", "http://["):
        async with http.get(f"{console.url}/events", params={"page": page}) as answer:
            assert answer.status == 404
