"""The pages without scripts: what they say, and what buttons answer."""

import re

import pytest
from tests.console.console_support import EMPRESA, OURS, TOKEN, running_console

from retrato.console.desk import Terms
from retrato.console.gate import House
from retrato.console.server import Console
from retrato.domain.errors import NotMigratedError

EN = {"Accept-Language": "en"}


async def _text(http, url, **headers):
    async with http.get(url, headers={**EN, **headers}) as answer:
        return await answer.text()


async def _order(http, url, **form):
    """The address of the page that follows an order."""
    async with http.post(url, data=form, headers=OURS, allow_redirects=False) as answer:
        assert answer.status == 303
        return answer.headers["Location"]


@pytest.fixture
async def empresa(people):
    return await people.company("ARVA Tech Solutions")


async def test_companies_show_how_far_they_are_and_what_they_cost(console, http, people, empresa):
    ready, _ = await people.personas("Ana", "Bia")
    await people.finish(ready)
    await people.call(ready)

    text = await _text(http, f"{console.url}/empresas")

    assert "ARVA Tech Solutions" in text
    assert 'aria-label="1 ready, 1 queued"' in text
    assert "US$ 0.025" in text


async def test_gallery_says_each_state_in_words(console, http, people, empresa, connection):
    ready, running, failed, missing, _ = await people.personas("Ana", "Bia", "Cai", "Dea", "Eva")
    await people.persona("[A GERAR]")
    await people.finish(ready)
    await people.start(running)
    await people.fail(failed, fault="refused")
    await connection.execute("delete from retrato.jobs where persona_id = $1", missing)

    text = await _text(http, f"{console.url}/empresas/{empresa}")

    for state in ("ready", "being drawn", "queued", "failed", "no picture", "not ready"):
        assert f"<span>{state}</span>" in text
    assert "The provider refused to draw this description." in text
    assert "Run: 2 are missing" in text
    assert "Try the failed one again" in text


@pytest.mark.parametrize("names", [2, 60], ids=["all on one page", "more than one page"])
async def test_filters_count_who_was_found(console, http, people, empresa, names):
    for number in range(names):
        await people.persona(f"José {number}")
    ready = await people.persona("Josefa")
    await people.finish(ready)
    await people.persona("Ana")

    text = await _text(http, f"{console.url}/empresas/{empresa}?q=jose")

    filters = text[text.index('id="filters"') :].partition("</nav>")[0]
    assert re.findall(r"<b>(\d+)</b>", filters) == [str(names + 1), "1", str(names)]


async def test_run_says_what_became_of_it(console, http, people, empresa, connection):
    persona_id = await people.persona()
    await connection.execute("delete from retrato.jobs")
    run = f"{console.url}/empresas/{empresa}/run"

    accepted = await _order(http, run)
    again = await _order(http, run)
    await people.finish(persona_id)
    ready = await _order(http, run)

    assert accepted.endswith("?told=accepted&n=1")
    assert again.endswith("?told=already_queued&n=0")
    assert ready.endswith("?told=already_ready&n=0")
    assert "Accepted: 1 persona is queued." in await _text(http, console.url + accepted)
    assert "Already queued" in await _text(http, console.url + again)
    assert "Already ready" in await _text(http, console.url + ready)


async def test_run_for_people_who_are_not_ready_says_so(console, http, people, empresa):
    await people.persona("[A GERAR]")

    assert "nobody_ready" in await _order(http, f"{console.url}/empresas/{empresa}/run")


async def test_retry_takes_only_what_failed(console, http, people, empresa, connection):
    failed, missing = await people.personas("Ana", "Bia")
    await people.fail(failed)
    await connection.execute("delete from retrato.jobs where persona_id = $1", missing)
    retry = f"{console.url}/empresas/{empresa}/retry"

    first, second = await _order(http, retry), await _order(http, retry)

    assert first.endswith("?told=accepted&n=1")
    assert second.endswith("?told=nothing_failed&n=0")
    assert await connection.fetchval("select array_agg(persona_id) from retrato.jobs") == [failed]


async def test_force_tells_number_and_cost_before(console, http, people, empresa):
    for persona_id in await people.personas("Ana", "Bia", "Cai"):
        await people.finish(persona_id)

    text = await _text(http, f"{console.url}/empresas/{empresa}/force")

    assert "Draw 3 personas anew?" in text
    assert "US$ 0.075" in text
    assert "Old pictures stay until the new ones arrive" in text


async def test_force_for_some_leaves_the_others(console, http, people, empresa, connection):
    ids = await people.personas("Ana", "Bia", "Cai")
    for persona_id in ids:
        await people.finish(persona_id)

    text = await _text(http, f"{console.url}/empresas/{empresa}/force?persona={ids[0]}&persona={ids[2]}")
    async with http.post(
        f"{console.url}/empresas/{empresa}/force",
        data=[("persona", ids[0]), ("persona", ids[2])],
        headers=OURS,
        allow_redirects=False,
    ) as answer:
        told = answer.headers["Location"]

    assert "Draw 2 personas anew?" in text
    assert told.endswith("?told=accepted&n=2")
    queued = await connection.fetch("select persona_id from retrato.jobs order by persona_id")
    assert {row["persona_id"] for row in queued} == {ids[0], ids[2]}


async def test_what_is_not_known_is_said_so(database, connection, store, people, http, empresa):
    await people.persona()
    terms = Terms(providers=("openai",), pace_s=0, concurrency=1, poll_s=15)
    async with running_console(database, connection, store, terms=terms) as running:
        page = await _text(http, f"{running.url}/empresas/{empresa}")
        force = await _text(http, f"{running.url}/empresas/{empresa}/force")
        providers = await _text(http, f"{running.url}/providers")

    assert "No replica is running: nothing will be drawn until one starts." in page
    assert "US$ ?" in force
    assert "no replica is running" in force
    assert "No replica is running." in providers


async def test_time_left_counts_pace_and_the_other_companies(console, http, people, empresa, connection):
    await connection.execute(
        "insert into retrato.replicas (id, lock_key, locks, version) values (gen_random_uuid(), 1, true, '1')"
    )
    other = await people.company("Outra", "22222222-2222-4222-8222-222222222222")
    for number in range(30):
        await people.persona(f"Nossa {number}")
    for number in range(40):
        await people.persona(f"Deles {number}", empresa_id=other)

    ours = await _text(http, f"{console.url}/empresas/{empresa}")

    # 30 of ours and as many turns of the other company's, one start every 2 s.
    assert "about 2 min left, if all goes well" in ours


async def test_time_left_waits_for_the_last_try(console, http, people, empresa, connection):
    await connection.execute(
        "insert into retrato.replicas (id, lock_key, locks, version) values (gen_random_uuid(), 1, true, '1')"
    )
    await people.persona()
    await connection.execute(
        "update retrato.jobs set delayed = true, attempts = 1, run_at = now() + interval '8 min'"
    )

    assert "about 8 min left" in await _text(http, f"{console.url}/empresas/{empresa}")


async def test_persona_shows_versions_and_the_reason_of_each_failure(console, http, people, empresa):
    persona_id = await people.persona()
    await people.finish(persona_id)
    await people.finish(persona_id)
    await people.call(persona_id, "failed", "no_credit")
    await people.call(persona_id)

    text = await _text(http, f"{console.url}/personas/{persona_id}")

    assert "<h3>v2" in text
    assert "<h3>v1" in text
    assert "The account at the provider has no money left." in text
    assert "503: out of capacity" in text
    assert "Bring back" in text


async def test_old_version_comes_back(console, http, people, empresa, connection):
    persona_id = await people.persona()
    await people.finish(persona_id)
    await people.finish(persona_id)

    told = await _order(http, f"{console.url}/personas/{persona_id}/restore", version="1")
    async with http.post(
        f"{console.url}/personas/{persona_id}/restore", data={"version": "9"}, headers=OURS
    ) as answer:
        unknown = answer.status
    shown = await _text(http, f"{console.url}/personas/{persona_id}")

    assert told.endswith("?told=restored&n=0")
    assert "v1 again" in shown
    assert unknown == 404
    keys = await connection.fetch("select image_key from retrato.avatars order by version")
    assert keys[-1] == keys[0]


async def test_providers_show_breakers_replicas_and_money(console, http, people, empresa, connection):
    persona_id = await people.persona()
    await people.call(persona_id)
    await connection.execute(
        "insert into retrato.legs (leg, closed_until, last_fault, faults_in_row)"
        " values ('huggingface/fal-ai', now() + interval '5 min', 'throttled', 1)"
    )
    await connection.execute("select retrato.pause('leg', 'pollinations', 'too slow')")
    await connection.execute(
        "insert into retrato.replicas (id, lock_key, locks, version)"
        " values (gen_random_uuid(), 1, true, '1'), (gen_random_uuid(), 2, false, '1')"
    )

    text = await _text(http, f"{console.url}/providers")

    assert "suspended until " in text
    assert "The provider asked us to slow down." in text
    assert "pollinations is paused" in text
    assert "listens to the database" in text
    assert "asks every 15 s" in text
    assert "8.0 s" in text
    assert "US$ 40.00" in text


async def test_mended_leg_tells_no_old_fault(console, http, empresa, connection):
    await connection.execute(
        "insert into retrato.legs (leg, last_fault, reason) values ('huggingface/fal-ai', 'auth', 'status 401')"
    )

    text = await _text(http, f"{console.url}/providers")

    assert "The provider does not accept the key" not in text


async def test_paused_company_is_called_by_its_name(console, http, empresa, connection):
    pause = "select retrato.pause('empresa', $1, null)"
    await connection.execute(pause, empresa)
    await connection.execute(pause, "gone")

    text = await _text(http, f"{console.url}/providers")

    assert "Company ARVA Tech Solutions is paused" in text
    assert "Company gone is paused" in text


@pytest.mark.parametrize("scope", ["all", "empresa", None])
async def test_pause_is_told_before_anybody_waits_in_vain(console, http, empresa, people, connection, scope):
    await people.persona("[A GERAR]")
    if scope is not None:
        await connection.execute("select retrato.pause($1, $2)", scope, empresa if scope == "empresa" else "")

    text = await _text(http, f"{console.url}/empresas/{empresa}")

    assert ("Paused by an operator" in text) == (scope is not None)


async def test_those_without_a_company_are_called_so_on_every_page(console, http, people, connection):
    await connection.execute("alter table personas alter column empresa_id drop not null")
    persona_id = await people.persona("Sem Empresa", empresa_id=None)
    pages = ("/empresas", "/empresas/-", "/empresas/-/force", f"/personas/{persona_id}")

    texts = [await _text(http, f"{console.url}{page}") for page in pages]

    assert [page for page, text in zip(pages, texts, strict=True) if "Without a company" not in text] == []


async def test_pages_speak_the_language_of_the_browser(console, http, people, empresa):
    await people.persona()
    page = f"{console.url}/empresas/{empresa}"

    languages = {
        accepted: '<html lang="pt-BR">' in await _text(http, page, **{"Accept-Language": accepted})
        for accepted in ("pt-BR", "pt", "pt-PT,en;q=0.5", "en-GB,pt;q=0.4", "de,en;q=0.1", "de", "", "q=;;,*")
    }

    assert languages == {
        "pt-BR": True,
        "pt": True,
        "pt-PT,en;q=0.5": True,
        "en-GB,pt;q=0.4": False,
        "de,en;q=0.1": False,
        "de": True,
        "": True,
        "q=;;,*": True,
    }


async def test_picked_language_stays(console, http, empresa):
    page = f"{console.url}/language/en?back=/empresas/{empresa}"
    async with http.get(page, headers={"Accept-Language": "pt-BR"}) as answer:
        picked = await answer.text()
        address = answer.url.path
    async with http.get(f"{console.url}/empresas", headers={"Accept-Language": "pt-BR"}) as answer:
        later = await answer.text()

    assert address == f"/empresas/{empresa}"
    assert '<html lang="en">' in picked
    assert '<html lang="en">' in later


async def test_empty_states_tell_none_from_none_that_match(console, http, people, empresa):
    nobody = await _text(http, f"{console.url}/empresas/{empresa}")
    await people.persona()
    console.desk.forget_counts()
    no_match = await _text(http, f"{console.url}/empresas/{empresa}?q=zzz")
    no_company = await _text(http, f"{console.url}/empresas?q=zzz")

    assert "This company has no personas yet." in nobody
    assert "Nobody matches." in no_match
    assert "No company is called “zzz”." in no_company


async def test_console_that_waits_for_its_database_says_so(console, http, database):
    await database.close()
    async with http.get(f"{console.url}/empresas", headers=EN) as answer:
        text = await answer.text()

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "The database does not answer now." in text


async def test_console_of_a_daemon_that_waits_for_migrate_says_so(http):
    console = Console(House("127.0.0.1", token=TOKEN), 0)
    await console.listen()
    console.not_ready(NotMigratedError("schema retrato is not installed: run `retrato migrate`"))

    async with http.get(f"{console.url}/empresas", headers=EN) as answer:
        text = await answer.text()
    await console.close()

    assert answer.status == 503
    assert "The database is not prepared for this release." in text
    assert "run `retrato migrate`" in text


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/empresas/no-uuid",
        "/personas/no-uuid",
        f"/empresas/{EMPRESA}?state=odd",
        "/empresas?after=odd",
    ],
)
async def test_what_is_not_there_is_not_found(console, http, path):
    async with http.get(console.url + path, headers=EN) as answer:
        assert answer.status == 404
        assert "There is nothing here." in await answer.text()
