"""The pages in a real browser: they change while they are open, obey the keyboard, are there for everybody."""

import re
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright, expect
from tests.console.console_support import EMPRESA, TOKEN, People, login_cookie, running_console, until
from tests.e2e.processes import Shell
from tests.storage.conftest import opened
from tests.tools import needs

from retrato.console.views import dom_id
from retrato.domain.errors import StoreUnavailableError
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

PAGE = f"/empresas/{EMPRESA}"
PHONE = {"width": 375, "height": 740}
SERIOUS = {"serious", "critical"}

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def axe_source():
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture
async def browser():
    chromium = needs("chromium", untested="the pages in a browser")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture
async def open_page(browser):
    """Opens a page in a fresh context; whatever it complains about fails the test."""
    complaints = []

    def note(said):
        # A console that stops ends the streams of open pages, and one that is logged out is refused.
        if said.type == "error" and "net::ERR_" not in said.text and "status of 401" not in said.text:
            complaints.append(said.text)

    async def open_in(url, *, language="pt-BR", login=True, **options):
        context = await browser.new_context(locale=language, **options)
        context.set_default_timeout(15_000)
        if login:
            site = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
            await context.add_cookies([{"name": n, "value": v, "url": site} for n, v in login_cookie().items()])
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        await page.goto(url)
        return page

    yield open_in
    assert complaints == []


@pytest.fixture
async def empresa(people):
    return await people.company("ARVA Tech Solutions")


def _card(page, persona_id):
    return page.locator(f"#{dom_id(persona_id)}")


async def test_cards_fill_while_the_page_is_open(console, people, empresa, open_page):
    first = await people.persona("Ana Souza")
    page = await open_page(console.url + PAGE)
    await page.evaluate("window.notReloaded = true")
    second = await people.persona("Bia Lima")

    await expect(_card(page, second)).to_contain_text("na fila")
    await people.start(second)
    await expect(_card(page, second)).to_contain_text("em execução")
    await people.finish(second)
    await expect(_card(page, second)).to_contain_text("pronta")
    await expect(_card(page, second).locator("img")).to_have_js_property("naturalWidth", 64)
    await expect(page.locator("#summary .big")).to_have_text(re.compile(r"1\s+de 2 prontas"))
    await expect(_card(page, first)).to_contain_text("na fila")
    assert await page.evaluate("window.notReloaded")


async def test_thumbnails_come_from_a_private_bucket(database, connection, moto, monkeypatch, open_page):
    store = opened(moto, monkeypatch)
    people = People(connection, store)
    await people.company("ARVA Tech Solutions")
    async with running_console(database, connection, store, signed_url_s=600) as console:
        persona_id = await people.persona()
        await people.finish(persona_id)

        page = await open_page(console.url + PAGE)

        await expect(_card(page, persona_id).locator("img")).to_have_js_property("naturalWidth", 64)


async def test_nothing_jumps_while_others_are_drawn(console, people, empresa, open_page):
    ids = [await people.persona(f"Pessoa {number:02}") for number in range(30)]
    page = await open_page(console.url + PAGE, viewport={"width": 1000, "height": 700})
    await _card(page, ids[20]).scroll_into_view_if_needed()
    before = await _card(page, ids[20]).bounding_box()

    for persona_id in ids[:15]:
        await people.finish(persona_id)
    await expect(_card(page, ids[14])).to_contain_text("pronta")
    after = await _card(page, ids[20]).bounding_box()

    assert abs(before["y"] - after["y"]) < 2


async def test_run_and_force_with_their_dialog(console, people, empresa, open_page, connection):
    ids = await people.personas("Ana", "Bia")
    await connection.execute("delete from retrato.jobs")
    page = await open_page(console.url + PAGE)

    await page.get_by_role("button", name="Executar: faltam 2").click()
    await expect(page.locator("#notice")).to_contain_text("Aceito: 2 personas entraram na fila.")
    await expect(_card(page, ids[0])).to_contain_text("na fila")
    await page.get_by_role("button", name="Executar: nada falta").click()
    await expect(page.locator("#notice")).to_contain_text("Já na fila")
    for persona_id in ids:
        await people.finish(persona_id)
    await expect(page.locator("#summary")).to_contain_text("Todas têm rosto.")

    await page.get_by_role("link", name="Forçar…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Gerar de novo os retratos de 2 personas?")
    await expect(dialog).to_contain_text("US$ 0,05")
    await dialog.get_by_role("link", name="Cancelar").click()
    await expect(dialog).to_be_hidden()
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0

    await page.get_by_role("link", name="Forçar…").click()
    await dialog.get_by_role("button", name="Forçar 2 retratos").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#notice")).to_contain_text("Aceito: 2 personas")
    await expect(_card(page, ids[1])).to_contain_text("na fila")
    await expect(_card(page, ids[1]).locator("img")).to_be_visible()


async def test_force_for_chosen_cards(console, people, empresa, open_page, connection):
    ids = await people.personas("Ana", "Bia", "Cai", "Dea")
    for persona_id in ids:
        await people.finish(persona_id)
    page = await open_page(console.url + PAGE)

    for persona_id in ids[1:3]:
        await _card(page, persona_id).hover()
        await _card(page, persona_id).get_by_role("checkbox").check()
    await people.persona("Eva")
    await expect(page.locator(".card")).to_have_count(5)
    await expect(page.locator("#chosen")).to_have_text("2 selecionadas")
    await page.get_by_role("button", name="Forçar selecionadas…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Forçar 2 retratos").click()
    await expect(page.locator("#notice")).to_contain_text("Aceito: 2 personas")

    queued = await connection.fetch("select persona_id from retrato.jobs where persona_id = any($1)", ids)
    assert {row["persona_id"] for row in queued} == set(ids[1:3])


async def test_failure_is_explained_and_tried_again(console, people, empresa, open_page, connection):
    persona_id = await people.persona("Ana")
    page = await open_page(console.url + PAGE, language="en-US")
    await people.fail(persona_id, fault="no_credit")

    await expect(_card(page, persona_id)).to_contain_text("The account at the provider has no money left.")
    await page.get_by_role("button", name="Try the failed one again").click()
    await expect(_card(page, persona_id)).to_contain_text("queued")
    await expect(page.locator("#notice")).to_contain_text("Accepted: 1 persona is queued.")


async def test_filters_and_search_keep_the_page_alive(console, people, empresa, open_page):
    ids = await people.personas("Ana", "Élcio", "Cai")
    await people.finish(ids[0])
    page = await open_page(console.url + PAGE)

    await page.get_by_role("link", name="na fila 2").click()
    await expect(page.locator(".card")).to_have_count(2)
    await people.finish(ids[2])
    await expect(page.locator(".card")).to_have_count(1)
    await page.get_by_role("searchbox").press_sequentially("elcio")
    await expect(page).to_have_url(re.compile("q=elcio"))
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await expect(page.get_by_role("searchbox")).to_have_value("elcio")
    await expect(page.locator("#listing")).to_have_count(1)
    await expect(page.locator(".card")).to_have_count(1)
    await people.finish(ids[1])
    await expect(page.locator("#empty")).to_contain_text("Nenhuma persona corresponde.")
    await page.get_by_role("link", name="Mostrar todas as 3").click()
    await expect(page.locator(".card")).to_have_count(3)


async def test_keyboard_alone_is_enough(console, people, empresa, open_page, connection):
    ids = await people.personas("Ana", "Bia", "Cai")
    for persona_id in ids:
        await people.finish(persona_id)
    page = await open_page(console.url + PAGE)

    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.locator(".portrait").first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(_card(page, ids[1]).locator(".portrait")).to_be_focused()
    await page.keyboard.press("x")
    await expect(page.locator("#chosen")).to_have_text("1 selecionada")
    await page.get_by_role("button", name="Forçar selecionadas…").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Gerar de novo o retrato de Bia?")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("button", name="Forçar selecionadas…").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Forçar 1 retrato")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_contain_text("Aceito: 1 persona entrou na fila.")

    assert await connection.fetchval("select array_agg(persona_id) from retrato.jobs") == [ids[1]]


async def test_everything_fits_a_phone(console, people, empresa, open_page):
    ids = [await people.persona(f"Maria Aparecida dos Santos Albuquerque {number}") for number in range(5)]
    await people.finish(ids[0])
    await people.call(ids[0], "failed", "transient")
    page = await open_page(console.url + PAGE, viewport=PHONE, has_touch=True, is_mobile=True)

    for path in ("/empresas", PAGE, f"{PAGE}/force", f"/personas/{ids[0]}", "/providers", "/login"):
        await page.goto(console.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_pages_work_without_scripts(console, people, empresa, open_page, connection):
    ids = await people.personas("Ana", "Bia")
    for persona_id in ids:
        await people.finish(persona_id)
    page = await open_page(console.url + PAGE, java_script_enabled=False)

    await page.get_by_role("link", name="Forçar…").click()
    await page.get_by_role("button", name="Forçar 2 retratos").click()
    await expect(page.locator("#notice")).to_contain_text("Aceito: 2 personas entraram na fila.")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#summary")).to_contain_text("0 of 2 ready")


async def test_lost_connection_is_said_and_found_again(console, people, empresa, open_page, connection):
    persona_id = await people.persona("Ana")
    page = await open_page(console.url + PAGE)
    await expect(_card(page, persona_id)).to_contain_text("na fila")
    marks = console.desk.reads.marks

    async def away(_ids):
        raise StoreUnavailableError("gone")

    console.desk.reads.marks = away
    await expect(page.locator("#connection")).to_contain_text("O banco de dados não responde agora.")
    console.desk.reads.marks = marks
    await expect(page.locator("#connection")).to_be_hidden()


async def test_login_in_a_browser(console, people, empresa, open_page):
    page = await open_page(console.url + PAGE, login=False)
    await page.get_by_label("Token").fill("wrong")
    await page.get_by_role("button", name="Entrar").click()
    await expect(page.get_by_role("alert")).to_have_text("Este não é o token.")
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Entrar").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("ARVA Tech Solutions")
    await page.get_by_role("button", name="Sair").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")


async def test_link_logs_in_leads_to_the_page_and_leaves_no_token_behind(console, people, empresa, open_page):
    page = await open_page(console.console.login_link(PAGE), login=False)
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    await expect(page.get_by_role("heading", level=1)).to_have_text("ARVA Tech Solutions")
    by_name = console.url.replace("127.0.0.1", "localhost") + PAGE
    assert page.url == by_name
    await page.goto(by_name)
    await expect(page.get_by_role("heading", level=1)).to_have_text("ARVA Tech Solutions")
    while await page.go_back() is not None:
        assert TOKEN not in page.url
    assert not [url for url in asked if TOKEN in url]


async def test_link_that_is_pasted_into_the_open_login_logs_in(console, people, empresa, open_page):
    page = await open_page(f"{console.url}/login", login=False)

    await page.evaluate(f"location.hash = '{TOKEN}'")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Empresas")


async def test_who_has_logged_in_comes_by_links_of_other_sites_too(console, people, empresa, open_page):
    """The cookie is not sent along with them: the login notices, and goes on."""
    page = await open_page(console.url + PAGE)
    other_site = await page.context.new_page()
    await other_site.route(
        "http://app.example/",
        lambda route: route.fulfill(body=f'<a href="{console.url}{PAGE}">x</a>', content_type="text/html"),
    )
    await other_site.goto("http://app.example/")

    await other_site.get_by_role("link").click()

    await expect(other_site.get_by_role("heading", level=1)).to_have_text("ARVA Tech Solutions")


async def test_page_that_is_logged_out_elsewhere_leads_to_the_login_and_back(
    console, people, empresa, open_page, monkeypatch
):
    monkeypatch.setattr("retrato.console.events._TICK_S", 0.1)
    monkeypatch.setattr("retrato.console.events._KEEPALIVE_S", 0.3)
    page = await open_page(f"{console.url}{PAGE}?state=queued")
    await expect(page.locator("#empty")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(f"{console.url}/providers")

    await other.get_by_role("button", name="Sair").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Entrar").click()
    await expect(page).to_have_url(f"{console.url}{PAGE}?state=queued")


@pytest.mark.parametrize("scripts", [True, False])
async def test_order_of_who_is_logged_out_leads_to_the_login_and_back(
    console, people, empresa, open_page, connection, scripts
):
    await people.persona("Ana")
    await connection.execute("delete from retrato.jobs")
    page = await open_page(console.url + PAGE, java_script_enabled=scripts)
    await until(lambda: console.live.open_pages == int(scripts))  # else the stream leads to the login by itself
    await page.context.clear_cookies()

    await page.get_by_role("button", name="Executar: falta 1").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Entrar").click()
    await expect(page).to_have_url(console.url + PAGE)


async def test_dialog_of_who_is_logged_out_leads_to_the_login(console, people, empresa, open_page):
    persona_id = await people.persona("Ana")
    await people.finish(persona_id)
    page = await open_page(console.url + PAGE)
    await until(lambda: console.live.open_pages == 1)
    await page.context.clear_cookies()

    await page.get_by_role("link", name="Forçar…").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_serious_finding_about_accessibility(console, people, empresa, open_page, axe_source, scheme):
    ids = await people.personas("Ana", "Bia", "Cai", "Dea")
    await people.persona("[A GERAR]")
    await people.finish(ids[0])
    await people.finish(ids[0])
    await people.start(ids[1])
    await people.fail(ids[2])
    await people.call(ids[0], "failed", "transient")
    await people.connection.execute(
        "insert into retrato.legs (leg, closed_until, last_fault, faults_in_row)"
        " values ('huggingface/fal-ai', now() + interval '5 min', 'throttled', 1)"
    )
    page = await open_page(console.url, color_scheme=scheme)

    findings = {}
    for path in (
        "/empresas",
        PAGE,
        f"{PAGE}?q=zzz",
        f"{PAGE}/force",
        f"/personas/{ids[0]}",
        "/providers",
        "/login",
    ):
        await page.goto(console.url + path)
        await page.evaluate(axe_source)
        result = await page.evaluate("axe.run(document)")
        findings[path] = [
            (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
            for one in result["violations"]
            if one["impact"] in SERIOUS
        ]

    assert {path: found for path, found in findings.items() if found} == {}


async def test_a_real_daemon_draws_while_people_look(
    postgres, dsn, connection, tmp_path, people, empresa, open_page
):
    """Real processes, a simulated provider: inserted by SQL, drawn, forced, cancelled, tried again."""
    scenario = Scenario(faces=False, latency_seconds={"default": (0.02, 0.05)})
    async with Simulator(scenario) as simulator:
        shell = Shell(tmp_path, dsn, simulator, RETRATO_CONSOLE_TOKEN=TOKEN)
        async with shell.daemon() as daemon:
            url = (await daemon.said("console.started"))["url"]
            await daemon.said("listener.connected")
            page = await open_page(url + PAGE)
            ids = [await people.persona(f"Pessoa {number}") for number in range(6)]
            for persona_id in ids:
                await expect(_card(page, persona_id)).to_contain_text("v1")
                await expect(_card(page, persona_id).locator("img")).to_have_js_property("complete", True)
            await page.get_by_role("link", name="Forçar…").click()
            await page.get_by_role("dialog").get_by_role("button", name="Forçar 6 retratos").click()
            for persona_id in ids:
                await expect(_card(page, persona_id)).to_contain_text("v2")
            await connection.execute("select retrato.pause('all')")
            await expect(page.locator("#summary")).to_contain_text("6 de 6 prontas")
            late = await people.persona("Atrasada")
            await expect(page.locator("#summary")).to_contain_text("Em pausa por um operador")
            await connection.execute("select retrato.cancel(array[$1::text])", late)
            await expect(_card(page, late)).to_contain_text("Cancelado por um operador.")
            await connection.execute("select retrato.resume('all')")
            await page.get_by_role("button", name="Tentar de novo a que falhou").click()
            await expect(_card(page, late)).to_contain_text("v1")
            assert await daemon.stop() == 0
