"""What the console reads, on a real Postgres."""

import itertools
import random

import pytest
from tests.console.console_support import EMPRESA

from retrato.domain.errors import NotFoundError
from retrato.store.console_reads import ConsoleReads
from retrato.store.console_words import Among
from retrato.store.host import Host

OTHER = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
async def reads(database, connection):
    return ConsoleReads(database, await Host.read(connection))


@pytest.fixture
async def mixed(people, connection):
    """Forty personas in all states."""
    await people.company()
    rng = random.Random(4)
    for number in range(40):
        inactive = {"status": "inactive"} if number % 11 == 5 else {}
        persona_id = await people.persona(f"{rng.choice(['Ana', 'Élcio', 'josé', 'Zé'])} {number}", **inactive)
        match number % 8:
            case 0 | 1:
                await people.finish(persona_id)
            case 2:
                await people.start(persona_id)
            case 3:
                await people.fail(persona_id)
            case 4:
                await connection.execute("delete from retrato.jobs where persona_id = $1", persona_id)
            case 5:
                await connection.execute("update retrato.jobs set attempts = 1 where persona_id = $1", persona_id)
            case 6:
                await connection.execute("delete from retrato.jobs where persona_id = $1", persona_id)
                await connection.execute(
                    "update personas set avatar_image_url = 'https://app.example/a.png' where id = $1::text::uuid",
                    persona_id,
                )


async def test_states_are_those_of_the_view(reads, mixed, connection):
    expected = {
        row["persona_id"]: (row["state"], row["name"], row["version"])
        for row in await connection.fetch("select persona_id, state, name, version from retrato.persona_status")
    }
    page = await reads.gallery(EMPRESA, limit=100)
    counted = (await reads.counts([EMPRESA]))[EMPRESA]

    assert {card.persona_id: (card.state, card.name, card.version) for card in page.cards} == expected
    assert {state: counted.of(state) for state, _, _ in expected.values()} == {
        state: sum(other == state for other, _, _ in expected.values()) for state, _, _ in expected.values()
    }
    assert counted.total == len(expected)
    assert len({state for state, _, _ in expected.values()}) == 7


async def test_state_filter_finds_the_same_personas_as_the_gallery(reads, mixed):
    everybody = (await reads.gallery(EMPRESA, limit=100)).cards

    for state in {card.state for card in everybody}:
        page = await reads.gallery(EMPRESA, states=[state], limit=100)
        assert [card for card in everybody if card.state == state] == list(page.cards)


async def test_pages_forth_and_back_show_everybody_once(reads, mixed):
    everybody = (await reads.gallery(EMPRESA, limit=100)).cards
    pages = [await reads.gallery(EMPRESA, limit=7)]
    while pages[-1].behind is not None:
        pages.append(await reads.gallery(EMPRESA, limit=7, place=pages[-1].behind))
    back = await reads.gallery(EMPRESA, limit=7, place=pages[3].before)

    assert [card for page in pages for card in page.cards] == list(everybody)
    assert back.cards == pages[2].cards
    assert pages[0].before is None


async def test_search_does_not_mind_accents_and_case(reads, mixed):
    found = (await reads.gallery(EMPRESA, text="JOSE", limit=100)).cards
    counted = (await reads.counts([EMPRESA], text="JOSE"))[EMPRESA]

    assert found
    assert {card.name.split()[0] for card in found} == {"josé"}
    assert counted.total == len(found)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Élcio Gonçalves", "elcio goncalves"),
        ("Élcio Gonçalves", "ÉLCIO"),
        ("elcio", "Élc"),
        ("AÇÃO", "acao"),
        ("100% (a.b) [c] {2} \\d ^$|*+?", "(a.b) [c] {2} \\d ^$|*+?"),
        ("Straße 7", "straße"),
        ("Søren", "SØREN"),
        ("d'Ávila_x", "D'AVILA_"),
    ],
)
async def test_search_finds_what_was_typed(reads, people, name, typed):
    await people.company(name)
    await people.personas(name, "Outra Pessoa")

    assert [card.name for card in (await reads.gallery(EMPRESA, text=typed, limit=9)).cards] == [name]
    assert (await reads.counts([EMPRESA], text=typed))[EMPRESA].total == 1
    assert [one.name for one in (await reads.companies(text=typed, limit=9)).companies] == [name]


async def test_search_takes_no_character_for_a_pattern(reads, people):
    await people.company()
    await people.personas("Ana", "Bia")

    for typed in (".", "a.a", "a|b", "^", "***:a", "(?i)ana", "[a-z]", "\\w", "a*"):
        assert not (await reads.gallery(EMPRESA, text=typed, limit=9)).cards, typed


async def test_search_finds_roles_and_keys(reads, people):
    await people.company()
    persona_id = await people.persona("Ana", role="Diretora de Operações")
    await people.persona("Bia", role="Analista")

    for typed in ("operacoes", persona_id):
        assert [card.name for card in (await reads.gallery(EMPRESA, text=typed, limit=9)).cards] == ["Ana"]


async def test_companies_come_by_name_and_page(reads, people):
    for number in range(5):
        await people.company(f"Empresa {number}", f"{number}0000000-1111-4111-8111-111111111111")
    first = await reads.companies(limit=3)
    second = await reads.companies(limit=3, behind=first.companies[-1])

    assert [one.name for one in [*first.companies, *second.companies]] == [f"Empresa {n}" for n in range(5)]
    assert (first.more, second.more) == (True, False)
    assert [one.name for one in (await reads.companies(text="empresá 3", limit=9)).companies] == ["Empresa 3"]


@pytest.mark.parametrize("key", ["no-uuid", OTHER, "", "\x00", "-' or 1=1"])
async def test_what_is_not_there_is_not_found(reads, people, key):
    await people.company()

    with pytest.raises(NotFoundError):
        await reads.company(key)
    with pytest.raises(NotFoundError):
        await reads.persona(key)


async def test_those_without_a_company_have_a_page(reads, people, connection):
    await people.company()
    await connection.execute("alter table personas alter column empresa_id drop not null")
    await people.persona("Sem Empresa", empresa_id=None)

    assert [one.id for one in (await reads.companies(limit=9)).companies] == ["-", EMPRESA]
    assert (await reads.company("-")).id == "-"
    assert [card.name for card in (await reads.gallery("-", limit=9)).cards] == ["Sem Empresa"]
    assert (await reads.counts(["-", EMPRESA]))["-"].total == 1


async def test_a_host_without_companies_has_those_of_its_personas(database, connection, people):
    await people.company()
    await people.persona("Ana")
    await connection.execute("drop table empresas cascade")
    reads = ConsoleReads(database, await Host.read(connection))

    assert [one.id for one in (await reads.companies(limit=9)).companies] == [EMPRESA]
    assert (await reads.company(EMPRESA)).name == EMPRESA


async def test_mark_moves_with_every_step_of_a_persona(reads, people):
    await people.company()
    marks = [await reads.marks([EMPRESA])]
    persona_id = await people.persona("Ana")
    for step in (people.start, people.fail):
        marks.append(await reads.marks([EMPRESA]))
        await step(persona_id)
    marks.append(await reads.marks([EMPRESA]))
    await people.finish(persona_id)
    marks.append(await reads.marks([EMPRESA]))

    assert all(before != after for before, after in itertools.pairwise(marks))


async def test_ten_thousand_personas_are_found_by_the_hosts_index(database, connection, people):
    """No plan reads other companies' personas, however many there are."""
    await people.company()
    await people.company("Outra", OTHER)
    await connection.execute("alter table personas disable trigger user")
    await connection.execute(
        "insert into personas (persona_code, full_name, role, empresa_id)"
        " select 'X' || n, 'Pessoa ' || n, 'Analista', case when n <= 1000 then $1::uuid else $2::uuid end"
        " from generate_series(1, 20000) n",
        EMPRESA,
        OTHER,
    )
    await connection.execute("analyze personas")
    reads = ConsoleReads(database, await Host.read(connection))

    for sql, args in (
        (reads._counts, ([EMPRESA], "", "")),
        (reads._galleries[False, False, Among.ALL], ([EMPRESA], "", "", None, None, None, 49)),
        (reads._galleries[False, False, Among.OF_JOBS], ([EMPRESA], "", "", ["failed"], None, None, 49)),
        (reads._galleries[False, False, Among.ANY], ([EMPRESA], "", "", ["ready"], None, None, 49)),
    ):
        plan = await connection.fetch(f"explain {sql}", *args)
        text = "\n".join(row[0] for row in plan)
        assert "personas_by_empresa" in text, text
        assert "Seq Scan on personas p" not in text, text
