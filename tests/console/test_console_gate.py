"""Closed by default, and what attackers try."""

import asyncio
import json
import re
import time
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, DummyCookieJar
from tests.console.console_support import EMPRESA, OURS, TOKEN, running_console
from yarl import URL

from retrato.console.gate import SESSION_COOKIE, House
from retrato.console.keyring import Keyring
from retrato.domain.errors import StoreUnavailableError
from retrato.supervise import Pulse

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PAGES = ["/empresas", f"/empresas/{EMPRESA}", "/providers", "/api/empresas", "/events?page=/empresas", "/"]


@pytest.fixture
async def locked(database, connection, store, people):
    await people.company()
    async with running_console(database, connection, store, house=House("127.0.0.1", token=TOKEN)) as running:
        yield running


async def _status(http, url, *, method="GET", **options):
    async with http.request(method, url, allow_redirects=False, **options) as answer:
        return answer.status


async def test_without_a_token_nobody_gets_in(database, connection, store, http):
    async with running_console(database, connection, store, house=House("127.0.0.1")) as running:
        statuses = {page: await _status(http, running.url + page) for page in [*PAGES, "/login"]}
        bearer = await _status(http, f"{running.url}/api/empresas", headers={"Authorization": f"Bearer {TOKEN}"})
        probes = await _status(http, running.url + "/healthz")

    assert statuses == dict.fromkeys([*PAGES, "/login"], 403)
    assert (bearer, probes) == (403, 200)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:3001"},
        {"Host": "console.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1", "X-Forwarded-Host": "localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:3001"},
        {"Cookie": "retrato_session=9999999999.x.y.z"},
    ],
)
async def test_what_a_request_says_of_where_it_comes_from_opens_nothing(locked, stranger, headers):
    """Neither this machine nor a proxy that tells nothing, as nginx's plain proxy_pass, goes without the token."""
    statuses = {page: await _status(stranger, locked.url + page, headers=headers) for page in PAGES}
    orders = [
        await _status(stranger, f"{locked.url}{path}", method="POST", headers=headers)
        for path in (f"/empresas/{EMPRESA}/run", f"/api/empresas/{EMPRESA}/generate")
    ]

    assert set(statuses.values()) == {303, 401}
    assert orders == [401, 401]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:3001", "", "[::1"])
async def test_rebinding_to_our_address_shows_nothing(console, stranger, host):
    statuses = {page: await _status(stranger, console.url + page, headers={"Host": host}) for page in PAGES}

    assert set(statuses.values()) <= {303, 400, 401, 403}


async def test_who_has_logged_in_may_use_any_name_of_the_console(console, http):
    hosts = ["localhost", "localhost:3001", "127.0.0.1:9", "[::1]:3001", "192.0.2.1", "console.example"]

    statuses = {host: await _status(http, f"{console.url}/empresas", headers={"Host": host}) for host in hosts}

    assert statuses == dict.fromkeys(hosts, 200)


async def test_token_is_asked_for_everywhere(locked, stranger):
    statuses = {page: await _status(stranger, locked.url + page) for page in PAGES}
    wrong = await _status(stranger, f"{locked.url}/api/empresas", headers={"Authorization": f"Bearer {TOKEN}x"})
    right = await _status(stranger, f"{locked.url}/api/empresas", headers={"Authorization": f"Bearer {TOKEN}"})

    assert statuses == {page: 401 if page.startswith(("/api", "/events")) else 303 for page in PAGES}
    assert (wrong, right) == (401, 200)


async def test_every_route_is_closed_unless_it_is_said_to_be_open(locked, stranger):
    unknown = await _status(stranger, f"{locked.url}/nowhere", headers={"Accept": "text/html"})
    order = await _status(stranger, f"{locked.url}/empresas/{EMPRESA}/run", method="POST", headers=OURS)

    assert (unknown, order) == (303, 401)


async def test_login_opens_and_logout_closes(locked, stranger):
    form = {"token": TOKEN, "back": f"/empresas/{EMPRESA}"}
    async with stranger.post(f"{locked.url}/login", data=form, headers=OURS, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
        location = answer.headers["Location"]
    inside = await _status(stranger, f"{locked.url}/empresas")
    ordered = await _status(stranger, f"{locked.url}/empresas/{EMPRESA}/run", method="POST", headers=OURS)
    await _status(stranger, f"{locked.url}/logout", method="POST", headers=OURS)
    after = await _status(stranger, f"{locked.url}/empresas")

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert location == f"/empresas/{EMPRESA}"
    assert (inside, ordered, after) == (200, 303, 303)


ELSEWHERE = [
    "//evil.example/empresas",
    "///evil.example/empresas",
    "https://evil.example/empresas",
    "https:/empresas",
    "https:empresas",
    "http:/empresas",
    "HTTP:/empresas",
    "http:///empresas",
    "http:\\\\empresas",
    ":/empresas",
    "://empresas",
    ":///empresas",
    "javascript:alert(1)",
    "javascript:/empresas",
    "data:/empresas",
    "java\tscript:/empresas",
    "/\\evil.example",
    "/\\evil.example/empresas",
    "\\\\evil.example\\empresas",
    "\\/evil.example/empresas",
    "/\t/evil.example/empresas",
    "/\n/evil.example/empresas",
    "/\r\n/evil.example/empresas",
    "\t//evil.example/empresas",
    " //evil.example/empresas",
    "\x01//evil.example/empresas",
    "/..//evil.example",
    "/%2e%2e//evil.example/empresas",
    "/%5cevil.example/empresas",
    "/%2Fevil.example/empresas",
    "%2F%2Fevil.example/empresas",
    "@evil.example/empresas",
    "evil.example/empresas",
    "//localhost@evil.example/empresas",
    "/empresas/../../x",
    "/login",
    "?back=//evil.example",
    "",
]


@pytest.mark.parametrize("back", ELSEWHERE)
async def test_login_and_language_lead_nowhere_else(locked, stranger, back):
    form = {"token": TOKEN, "back": back}
    async with stranger.post(f"{locked.url}/login", data=form, headers=OURS, allow_redirects=False) as answer:
        logged_in = answer.headers["Location"]
    language = f"{locked.url}/language/en"
    async with stranger.get(language, params={"back": back}, allow_redirects=False) as answer:
        told = answer.headers["Location"]
    async with stranger.get(f"{locked.url}/login", params={"back": back}) as answer:
        offered = re.findall('name="back" value="(.*?)"', await answer.text())

    assert (logged_in, told, offered) == ("/empresas", "/empresas", ["/empresas"])


@pytest.mark.parametrize(
    "back",
    [
        "/empresas?q=a%20b",
        f"/empresas/{EMPRESA}?state=failed",
        "/personas/a%2Fb",
        "/providers",
        "/empresas?q=//evil.example",
        "/empresas?q=%5C%09",
    ],
)
async def test_login_leads_back_to_each_page(locked, stranger, back):
    form = {"token": TOKEN, "back": back}
    async with stranger.post(f"{locked.url}/login", data=form, headers=OURS, allow_redirects=False) as answer:
        assert URL(answer.headers["Location"]) == URL(back)
        assert answer.headers["Location"].startswith("/")


async def test_guessing_is_slow_and_shuts_nobody_out_who_has_the_token(locked, stranger):
    """Behind a proxy that shares one address, wrong tokens of others do not concern the right one."""
    statuses = [
        await _status(stranger, f"{locked.url}/login", method="POST", data={"token": f"guess {n}"}, headers=OURS)
        for n in range(7)
    ]
    bearer, wrong = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, f"{TOKEN}x"))
    programs = [await _status(stranger, f"{locked.url}/api/empresas", headers=one) for one in (bearer, wrong)]
    scrapes = [await _status(stranger, f"{locked.url}/metrics", headers=one) for one in (bearer, wrong)]
    form = {"token": TOKEN}
    login = await _status(stranger, f"{locked.url}/login", method="POST", data=form, headers=OURS)

    assert statuses == [401] * 5 + [429] * 2
    # The first wrong one after the right one is a friend's.
    assert programs == [200, 401]
    assert scrapes == [200, 401]
    assert login == 303


async def test_a_flood_of_guesses_from_everywhere_does_not_refuse_the_right_token(locked, stranger):
    keyring = locked.console._gate.keyring
    guess(keyring, addresses=1000)

    wrong = await _status(stranger, f"{locked.url}/api/empresas", headers={"Authorization": "Bearer wrong"})
    right = await _status(stranger, f"{locked.url}/api/empresas", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (wrong, right) == (429, 200)


def test_guessers_may_try_again_after_a_minute():
    now = 0.0
    keyring = Keyring(TOKEN, clock=lambda: now)
    for _ in range(5):
        keyring.opens("wrong", peer="a")
    waits = keyring.wait_s("a"), keyring.wait_s("b")
    now = 61.0

    assert waits == (60.0, 0.0)
    assert keyring.wait_s("a") == 0.0


def guess(keyring, *, addresses, each=1):
    """Wrong tokens from so many addresses, where it is let; returns how many were tried."""
    tried = 0
    for number in range(addresses):
        peer = f"2001:db8::{number}"
        for _ in range(each):
            if keyring.wait_s(peer) == 0:
                keyring.opens("wrong", peer=peer)
                tried += 1
    return tried


def test_many_addresses_guess_no_faster_than_a_few():
    now = 0.0
    keyring = Keyring(TOKEN, clock=lambda: now)

    first = guess(keyring, addresses=20_000)
    waits = keyring.wait_s("somebody else")
    now = 60.5

    assert first == 100
    assert waits == 60.0
    assert guess(keyring, addresses=20_000) == 100


def test_guesses_from_everywhere_do_not_shut_out_whom_we_know():
    now = 0.0
    keyring = Keyring(TOKEN, clock=lambda: now)
    keyring.opens(TOKEN, peer="office")

    guess(keyring, addresses=1000)

    assert keyring.wait_s("office") == 0
    now += 24 * 3600
    guess(keyring, addresses=1000)
    assert keyring.wait_s("office") > 0


def test_wrong_tokens_behind_a_shared_address_are_slowed_later():
    keyring = Keyring(TOKEN, clock=lambda: 0.0)
    keyring.opens(TOKEN, peer="proxy")
    for _ in range(49):
        keyring.opens("wrong", peer="proxy")
    before = keyring.wait_s("proxy")
    keyring.opens("wrong", peer="proxy")

    assert (before, keyring.wait_s("proxy")) == (0.0, 60.0)


async def test_who_has_logged_in_is_never_slowed(locked, http):
    await _status(http, f"{locked.url}/login", method="POST", data={"token": TOKEN}, headers=OURS)
    guesses = [
        await _status(http, f"{locked.url}/api/empresas", headers={"Authorization": "Bearer wrong"})
        for _ in range(60)
    ]

    assert guesses == [401] * 50 + [429] * 10
    assert await _status(http, f"{locked.url}/empresas") == 200
    assert await _status(http, f"{locked.url}/empresas/{EMPRESA}/run", method="POST", headers=OURS) == 303


def test_a_login_ends_and_cannot_be_forged():
    now = 1_000_000.0
    keyring = Keyring(TOKEN, wall=lambda: now)
    session = keyring.session()
    end, _, signature = session.partition(".")
    other_id = f"{end}.{'0' * 32}.{signature.partition('.')[2]}"
    forged = [f"{int(end) + 1}.{signature}", f"{end}.", "", ".", f"{end}.{signature}0", f"\uff19{end}.{signature}"]
    forged += [other_id, "....", session.rpartition(".")[0], "x.y.z." + session.rpartition(".")[2]]

    assert keyring.knows(session)
    assert not any(keyring.knows(one) for one in forged)
    assert not Keyring("another-token-of-16", wall=lambda: now).knows(session)
    now += 8 * 24 * 3600
    assert not keyring.knows(session)


def test_a_login_that_is_used_does_not_end():
    now = 1_000_000.0
    keyring = Keyring(TOKEN, wall=lambda: now)
    first = keyring.read(keyring.session("https://console.example"))
    early = keyring.renewed(first)
    now += 5 * 24 * 3600
    cookie = keyring.renewed(first)
    now += 5 * 24 * 3600
    later = keyring.read(cookie)

    assert early is None
    assert (later.id, later.origin) == (first.id, "https://console.example")


async def test_who_comes_again_gets_the_login_renewed(locked):
    old = Keyring(TOKEN, wall=lambda: time.time() - 5 * 24 * 3600).session()
    headers = {"Cookie": f"{SESSION_COOKIE}={old}"}
    renewed = {}
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        for path in ("/empresas", "/api/empresas", f"/events?page=/empresas/{EMPRESA}", "/", "/login"):
            async with http.get(f"{locked.url}{path}", headers=headers, allow_redirects=False) as answer:
                renewed[path] = SESSION_COOKIE in answer.cookies

    assert renewed == {path: path != "/login" for path in renewed}


async def _login(client, url, *, form=None, **headers):
    """The cookie of a login."""
    form = {"token": TOKEN, **(form or {})}
    async with client.post(f"{url}/login", data=form, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        return answer.cookies[SESSION_COOKIE]


async def test_logout_ends_every_copy_of_the_login_at_every_replica_and_for_good(database, connection, store):
    """Somebody has copied the cookie; the one who logs out does so at another replica, which is then restarted."""
    house = House("127.0.0.1", token=TOKEN)
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        async with running_console(database, connection, store, house=house) as here:
            cookie = {"Cookie": f"{SESSION_COOKIE}={(await _login(http, here.url, **OURS)).value}"}
            other_login = {"Cookie": f"{SESSION_COOKIE}={(await _login(http, here.url, **OURS)).value}"}
            async with running_console(database, connection, store, house=house) as there:
                before = [await _status(http, one.url + "/empresas", headers=cookie) for one in (here, there)]
                out = await _status(http, f"{there.url}/logout", method="POST", headers={**cookie, **OURS})
                after = [
                    await _status(http, one.url + path, headers=cookie)
                    for one in (here, there)
                    for path in ("/empresas", "/api/empresas", "/events?page=/empresas")
                ]
        async with running_console(database, connection, store, house=house) as anew:
            later = await _status(http, f"{anew.url}/empresas", headers=cookie)
            metrics = await _status(http, f"{anew.url}/metrics", headers=cookie)
            others = await _status(http, f"{anew.url}/empresas", headers=other_login)

    assert before == [200, 200]
    assert out == 303
    assert after == [303, 401, 401] * 2
    assert (later, metrics, others) == (303, 401, 200)


async def test_logout_that_could_not_be_noted_is_no_logout(locked, http):
    async def away(*_args, **_options):
        raise StoreUnavailableError("gone")

    locked.desk.end_session = away

    assert await _status(http, f"{locked.url}/logout", method="POST", headers=OURS) == 503
    assert await _status(http, f"{locked.url}/empresas") == 200


async def test_forged_logins_leave_nothing_behind(locked, stranger, connection):
    forged = {"Cookie": f"{SESSION_COOKIE}=9999999999.aa.bb.cc", **OURS}

    await _status(stranger, f"{locked.url}/logout", method="POST", headers=forged)

    assert await connection.fetchval("select count(*) from retrato.console_logouts") == 0


async def test_logouts_are_forgotten_when_no_copy_can_be_good_any_more(locked, stranger, connection):
    await connection.execute("insert into retrato.console_logouts values ('old', now() - interval '1 s')")
    await _login(stranger, locked.url, **OURS)

    await _status(stranger, f"{locked.url}/logout", method="POST", headers=OURS)

    kept = await connection.fetch("select session_id from retrato.console_logouts")
    assert len(kept) == 1
    assert kept[0]["session_id"] != "old"


async def test_logout_ends_the_streams_of_the_login(locked, stranger, monkeypatch):
    monkeypatch.setattr("retrato.console.events._TICK_S", 0.05)
    monkeypatch.setattr("retrato.console.events._KEEPALIVE_S", 0.1)
    await _login(stranger, locked.url, **OURS)
    async with stranger.get(f"{locked.url}/events?page=/empresas") as stream:
        await stream.content.readline()
        await _status(stranger, f"{locked.url}/logout", method="POST", headers=OURS)
        async with asyncio.timeout(10):
            await stream.read()

    assert stream.status == 200


async def test_other_sites_cannot_log_out(locked, stranger):
    await _login(stranger, locked.url, **OURS)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    refused = [
        await _status(stranger, f"{locked.url}/logout", method="POST", headers=headers)
        for headers in (foreign, {"Origin": "https://evil.example"}, {})
    ]

    assert refused == [403, 403, 403]
    assert await _status(stranger, f"{locked.url}/empresas") == 200


async def test_behind_a_proxy_that_hides_its_name_the_page_that_logged_in_may_order(locked, stranger):
    """A plain proxy_pass sends the upstream's Host, and over http browsers send no Sec-Fetch-Site."""
    page = {"Origin": "http://console.intranet", "Host": "127.0.0.1:3001"}
    cookie = await _login(stranger, locked.url, **page)
    login = {"Cookie": f"{SESSION_COOKIE}={cookie.value}", "Host": "127.0.0.1:3001"}
    order = f"{locked.url}/empresas/{EMPRESA}/run"

    ours = await _status(stranger, order, method="POST", headers={**login, **page})
    others = [
        await _status(stranger, order, method="POST", headers={**login, **headers})
        for headers in ({"Origin": "http://evil.intranet"}, {"Origin": "null"}, {}, {"Origin": ""})
    ]

    assert ours == 303
    assert others == [403] * 4


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({"Origin": "https://console.example"}, True),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Forwarded-Proto": "HTTPS, http"}, True),
        ({"Origin": "http://localhost:3001", "X-Forwarded-Proto": "http"}, False),
        ({}, False),
    ],
)
async def test_cookie_of_a_page_that_came_encrypted_is_not_sent_in_the_clear(locked, stranger, headers, secure):
    cookie = await _login(stranger, locked.url, **headers)

    assert bool(cookie["secure"]) is secure


async def test_who_is_logged_out_is_led_to_the_login_and_back(locked, stranger):
    """Pages, parts of pages, orders with and without scripts, the events' stream, and programs."""
    here = f"/empresas/{EMPRESA}?state=failed"
    login = f"/login?{urlencode({'back': here})}"
    htmx = {"HX-Request": "true", "HX-Current-URL": f"https://console.example{here}"}

    async def answer(method, path, **headers):
        async with stranger.request(
            method, f"{locked.url}{path}", headers={**OURS, **headers}, allow_redirects=False
        ) as got:
            return got.status, got.headers.get("Location") or got.headers.get("HX-Redirect"), await got.text()

    for method in ("GET", "HEAD"):
        assert (await answer(method, here))[:2] == (303, login)
    assert (await answer("GET", f"/empresas/{EMPRESA}/force", **htmx))[:2] == (401, login)
    assert (await answer("POST", f"/empresas/{EMPRESA}/run", **htmx))[:2] == (401, login)
    status, _, text = await answer("POST", f"/empresas/{EMPRESA}/run", Referer=f"{locked.url}{here}")
    assert (status, f'name="back" value="{here}"' in text) == (401, True)
    for path in ("/events?page=/empresas", "/api/empresas"):
        assert (await answer("HEAD", path))[0] == 401
        status, _, text = await answer("GET", path)
        assert (status, json.loads(text)["error"]) == (401, "no_token")


@pytest.mark.parametrize("path", [f"/empresas/{EMPRESA}/force", f"/api/empresas/{EMPRESA}/generate"])
async def test_other_sites_cannot_order(console, http, people, connection, path):
    await people.company()
    persona_id = await people.persona()
    await people.finish(persona_id)
    senders = [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": console.url},
        {"Origin": ""},
        {"Origin": "//"},
    ]

    statuses = [await _status(http, console.url + path, method="POST", headers=headers) for headers in senders]

    assert statuses == [403] * len(senders)
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_browsers_that_send_only_an_origin_can_order(console, http, people):
    await people.company()
    headers = {"Origin": console.url}

    assert await _status(http, f"{console.url}/empresas/{EMPRESA}/run", method="POST", headers=headers) == 303


async def test_a_cookie_alone_does_not_let_other_sites_order(locked, stranger):
    await _status(stranger, f"{locked.url}/login", method="POST", data={"token": TOKEN}, headers=OURS)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    assert await _status(stranger, f"{locked.url}/empresas/{EMPRESA}/run", method="POST", headers=headers) == 403


async def test_other_sites_may_link_here_but_not_fetch(console, http):
    cors = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    fetched = {page: await _status(http, console.url + page, headers=cors) for page in PAGES}
    linked = await _status(http, f"{console.url}/empresas", headers=link)

    assert fetched == dict.fromkeys(PAGES, 403)
    assert linked == 200


async def test_read_only_shows_and_orders_nothing(database, connection, store, people, http):
    await people.company()
    await people.persona()
    house = House("127.0.0.1", token=TOKEN, read_only=True)
    async with running_console(database, connection, store, house=house) as running:
        async with http.get(f"{running.url}/empresas/{EMPRESA}", headers={"Accept-Language": "en"}) as answer:
            text = await answer.text()
        order = await _status(http, f"{running.url}/empresas/{EMPRESA}/run", method="POST", headers=OURS)
        api = await _status(http, f"{running.url}/api/empresas/{EMPRESA}/generate", method="POST", headers=OURS)

    assert (order, api) == (403, 403)
    assert "Force" not in text
    assert "read-only" in text


async def test_every_text_of_a_persona_is_escaped(console, http, people, connection):
    await people.company(XSS)
    persona_id = await people.persona(XSS, role=XSS)
    await people.finish(persona_id)
    await connection.execute("update retrato.avatars set prompt = $1, model = $1, leg = $1, provider = $1", XSS)
    await people.call(persona_id, "failed", "transient")
    await connection.execute("update retrato.attempts set error = $1, leg = $1, model = $1", XSS)
    other = await people.persona(f"{XSS} other", avatar_image_url=f"https://x/{XSS}")
    failed = await people.persona(f"{XSS} failed")
    await people.fail(failed, error=XSS)
    await connection.execute("insert into retrato.legs (leg, reason, last_fault) values ($1, $1, $1)", XSS)
    await connection.execute("insert into retrato.pauses (scope, name, reason) values ('leg', $1, $1)", XSS)

    for path in (
        "/empresas",
        f"/empresas?q={XSS}",
        f"/empresas/{EMPRESA}",
        f"/empresas/{EMPRESA}?q={XSS}",
        f"/empresas/{EMPRESA}/force?persona={persona_id}",
        *(f"/personas/{one}" for one in (persona_id, other, failed)),
        f"/personas/{XSS}",
        "/providers",
        f"/login?back={XSS}",
        f"/empresas?told={XSS}&n={XSS}",
    ):
        async with http.get(console.url + path) as answer:
            text = await answer.text()
        assert answer.status < 500
        assert _dangers(text) == [], path


def _dangers(text):
    """Scripts that are not ours, handlers, styles and script addresses, as a browser would find them."""
    found = []

    class Finder(HTMLParser):
        def handle_starttag(self, tag, attrs):
            values = dict(attrs)
            if tag == "script" and not (values.get("src") or "").startswith("/static/"):
                found.append((tag, attrs))
            for name, value in attrs:
                address = (value or "").strip().lower()
                if name.startswith("on") or name == "style" or address.startswith(("javascript:", "data:")):
                    found.append((tag, name, value))

    Finder().feed(text)
    return found


async def test_policy_allows_no_scripts_but_ours(console, http):
    async with http.get(f"{console.url}/empresas") as answer:
        policy = answer.headers["Content-Security-Policy"]
        headers = set(answer.headers)

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not {name for name in headers if name.startswith("Access-Control")}


async def test_no_path_leads_out(console):
    for path in (
        "/avatars/../../etc/passwd",
        "/avatars/%2e%2e/%2e%2e/etc/passwd",
        "/avatars/a/b/../../../v1-1-0000000000000000.jpg",
        "/avatars//etc/passwd",
        "/avatars/a%00b/c/v1-1-0000000000000000.jpg",
        "/static/x/../../server.py",
        "/static/x/%2e%2e/%2e%2e/server.py",
        "/static/x//etc/passwd",
        "/static/x/vendor/../../templates/base.html",
    ):
        answer = await _as_it_stands(console.url, path)

        assert re.match(r"HTTP/1.1 (403|404|400) ", answer), path
        assert "root:" not in answer
        assert "import" not in answer


async def _as_it_stands(url, path):
    """The answer to a path that clients would tidy up."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode(errors="replace")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_pictures_are_for_applications_of_other_origins(locked, http, people):
    persona_id = await people.persona()
    await people.finish(persona_id)
    key = await people.connection.fetchval("select image_key from retrato.avatars")
    async with http.get(f"{locked.url}/avatars/{key}", headers={"Host": "app.example"}) as answer:
        assert answer.status == 200
        assert answer.content_type == "image/jpeg"
        assert "Cross-Origin-Resource-Policy" not in answer.headers


async def test_health_moves_to_its_own_port(database, connection, store, http):
    async with running_console(database, connection, store, metrics_port=0) as running:
        here = [await _status(http, running.url + path) for path in ("/healthz", "/readyz")]
        there = [await _status(http, running.console.metrics_url + path) for path in ("/healthz", "/readyz")]
        pages = await _status(http, running.console.metrics_url + "/empresas")

    assert (here, there, pages) == ([404, 404], [200, 200], 404)


async def test_a_daemon_that_drains_is_alive_and_not_ready(console, http):
    console.stop.set()

    async with asyncio.timeout(10):
        while await _status(http, f"{console.url}/readyz") != 503:
            pass
    assert await _status(http, f"{console.url}/healthz") == 200


async def test_part_that_has_stalled_is_named_by_healthz(console, http):
    now_s = 0.0
    pulse = Pulse(limit_s=10, clock=lambda: now_s)
    pulse.turned("keeper")
    console.console.alive_while(pulse)
    before = await _status(http, console.url + "/healthz")

    now_s = 11.0
    async with http.get(console.url + "/healthz") as answer:
        told = await answer.json()

    assert (before, answer.status) == (200, 503)
    assert told == {"status": "stalled", "parts": ["keeper"]}


async def test_a_body_without_end_is_cut(console, http, people):
    await people.company()
    status = await _status(
        http, f"{console.url}/api/empresas/{EMPRESA}/generate", method="POST", data=b"x" * 500_000, headers=OURS
    )

    assert status == 413


def test_no_socket_is_left_open_for_others():
    """The default address is this machine's."""
    assert House("localhost").is_private
    assert House("::1").is_private
    assert not House("0.0.0.0").is_private  # noqa: S104
    assert not House("console.example").is_private
