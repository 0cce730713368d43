"""
The application's own scripts, replayed with psycopg on generation A: placeholders, names, prompts.

Each of them upserts, and is run again whenever somebody is not content.
"""

import pytest
from tests.adoption.hosts import A
from tests.adoption.places import on_page
from tests.adoption.variants import FRESH, case

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: its habits are not replayed")

TEAM = ("CEO", "CTO", "Analista")
STRUCTURE = """
    insert into personas (persona_code, full_name, email, role, department, nacionalidade, empresa_id)
    values (%(code)s, '[POSIÇÃO VAGA]', %(email)s, %(role)s, 'Tecnologia', 'brasileiros', %(company)s)
    on conflict (persona_code) do update
    set role = excluded.role, department = excluded.department, nacionalidade = excluded.nacionalidade
"""
BIOGRAPHY = """
    update personas
    set full_name = %(name)s, genero = %(gender)s, experiencia_anos = 7, email = %(email)s
    where persona_code = %(code)s
"""
PROMPT = """
    insert into personas_avatares (persona_id, prompt_usado, servico_usado, versao, ativo, metadados)
    select id, %(prompt)s, 'pending_fal_ai', '1', false, '{"prompt_generation": {"model": "x"}}'
    from personas where persona_code = %(code)s
    on conflict (persona_id) do update
    set
        prompt_usado = excluded.prompt_usado, servico_usado = excluded.servico_usado, versao = excluded.versao,
        ativo = excluded.ativo, metadados = excluded.metadados
"""


@pytest.fixture(params=[case(A)])
def host(request):
    return request.param


@pytest.fixture
def variant():
    return FRESH


@pytest.fixture
async def app(address):
    """The scripts' connection; what they do is committed at once unless a test says otherwise."""
    async with await psycopg.AsyncConnection.connect(address.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def codes(place):
    return [f"{place.company[:8]}-{number}" for number, _ in enumerate(TEAM)]


@pytest.fixture
def script_01(app, place, codes):
    """Placeholders from the structure of the company."""

    async def run():
        for code, role in zip(codes, TEAM, strict=True):
            values = {"code": code, "role": role, "email": f"{code}@arva.example", "company": place.company}
            await app.execute(STRUCTURE, values)

    return run


@pytest.fixture
def script_02(app, codes):
    """Names and genders."""

    async def run():
        for code, gender in zip(codes, ("feminino", "masculino", "feminino"), strict=True):
            values = {
                "code": code,
                "name": f"Pessoa {code}",
                "gender": gender,
                "email": f"pessoa.{code}@arva.example",
            }
            await app.execute(BIOGRAPHY, values)

    return run


@pytest.fixture
def script_05a(app, codes):
    """Prompts, all in one transaction."""

    async def run(prompt="Professional headshot of a woman in her 30s"):
        async with app.transaction():
            for code in codes:
                await app.execute(PROMPT, {"code": code, "prompt": f"{prompt}, {code}"})

    return run


@pytest.fixture
def states(place):
    """The states of the company's personas, and how many jobs were queued for them, again and again."""

    async def read():
        rows = await place.database.fetch(
            "select state from retrato.persona_status where empresa_id = $1", place.company
        )
        generations = await place.database_value(
            "select coalesce(sum(generation), 0) from retrato.jobs where empresa_id = $1", place.company
        )
        return {row["state"] for row in rows}, generations

    return read


async def test_placeholders_wait_and_are_queued_once_when_they_have_names(script_01, script_02, states):
    await script_01()
    await script_01()
    placeholders = await states()
    await script_02()
    named = await states()
    await script_01()
    await script_02()

    assert placeholders == ({"waiting"}, 0)
    assert named == ({"queued"}, 3)
    assert await states() == ({"queued"}, 3)


async def test_scripts_that_run_again_after_the_drawing_queue_nothing(
    place, script_01, script_02, script_05a, states
):
    for script in (script_01, script_02, script_05a):
        await script()
    for _ in TEAM:
        await place.draw()

    for script in (script_01, script_02, script_05a):
        await script()

    assert await states() == ({"ready"}, 0)


async def test_prompt_row_that_was_there_first_is_kept_and_gets_the_picture(
    place, script_01, script_02, script_05a
):
    for script in (script_01, script_02, script_05a):
        await script()

    finished = await place.draw()

    [row] = await place.shown(finished.persona_id)
    assert on_page(row) == finished.image_url
    assert row["prompt_usado"].startswith("Professional headshot")
    assert set(row["metadados"]) == {"prompt_generation", "flux_generation"}


async def test_forced_prompts_that_throw_the_rows_away_do_not_take_the_picture_off_the_page(
    app, place, script_01, script_02, script_05a
):
    for script in (script_01, script_02, script_05a):
        await script()
    finished = await place.draw()

    # What `05a --force` does before it asks for new prompts.
    await app.execute("delete from personas_avatares where persona_id = %s", [finished.persona_id])
    await script_05a("Another headshot")

    [row] = await place.shown(finished.persona_id)
    assert on_page(row) == finished.image_url
    assert row["avatar_thumbnail_url"] == finished.thumbnail_url
    assert row["prompt_usado"].startswith("Another headshot")


@pytest.mark.parametrize("is_forced", [False, True], ids=["05a", "05a --force"])
async def test_forty_of_forty_are_on_the_page_after_prompts_that_come_last(app, place, is_forced):
    people = [f"{place.company[:8]}-p{number}" for number in range(40)]
    for code in people:
        values = {"code": code, "role": "Analista", "email": f"{code}@arva.example", "company": place.company}
        await app.execute(STRUCTURE, values)
    for code in people:
        values = {"code": code, "name": f"Ana {code}", "gender": "feminino", "email": f"ana.{code}@arva.example"}
        await app.execute(BIOGRAPHY, values)
    for _ in people:
        await place.draw()

    for run in ("first", "second"):
        for code in people:
            if is_forced:
                await app.execute(
                    "delete from personas_avatares pa using personas p "
                    "where p.id = pa.persona_id and p.persona_code = %s",
                    [code],
                )
            await app.execute(PROMPT, {"code": code, "prompt": f"{run} headshot of {code}"})

    rows = await place.connection.fetch(
        """
        select pa.*, pa.metadados -> 'flux_generation' ->> 'model' as model
        from personas_avatares pa
        join personas p on p.id = pa.persona_id
        where p.empresa_id = $1::text::uuid and pa.ativo
        """,
        place.company,
    )
    assert len({row["avatar_url"] for row in rows}) == len({row["avatar_thumbnail_url"] for row in rows}) == 40
    assert {row["servico_usado"] for row in rows} == {"huggingface_FLUX.1-dev"}
    assert {row["model"] for row in rows} == {"black-forest-labs/FLUX.1-dev"}
    assert all(row["prompt_usado"].startswith("second headshot") for row in rows)
    assert all("prompt_generation" in row["metadados"] for row in rows)


async def test_what_is_rolled_back_queues_nothing(app, place, script_01, script_02, states):
    await script_01()

    async with app.transaction(force_rollback=True):
        await script_02()

    assert await states() == ({"waiting"}, 0)


async def test_savepoint_that_is_rolled_back_takes_only_its_own_persona_along(
    app, place, script_01, codes, states
):
    async def name(code, email):
        await app.execute(BIOGRAPHY, {"code": code, "name": "Ana Souza", "gender": "feminino", "email": email})

    await script_01()

    async with app.transaction():
        await name(codes[0], "ana@x")
        async with app.transaction(force_rollback=True):
            await name(codes[1], "bia@x")

    assert await states() == ({"queued", "waiting"}, 1)
    assert (await place.claim()).persona_id == await place.database_value(
        "select id::text from personas where persona_code = $1", codes[0]
    )


async def test_names_for_everybody_in_one_statement_queue_each_once(app, place, script_01, states):
    await script_01()

    async with app.transaction():
        await app.execute(
            "update personas set full_name = 'Pessoa ' || role where empresa_id = %s", [place.company]
        )
        await app.execute("update personas set department = 'TI' where empresa_id = %s", [place.company])

    assert await states() == ({"queued"}, 3)


async def test_rows_restored_without_triggers_wait_for_executar(server, place, script_01, states):
    async with await psycopg.AsyncConnection.connect(
        server.dsn_for(place.address.dsn.rpartition("/")[2])
    ) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute(
            """
            insert into personas (persona_code, full_name, role, empresa_id)
            values (gen_random_uuid()::text, 'Ana', 'CEO', %s)
            """,
            [place.company],
        )
    before = await states()

    asked = await place.database_value("select retrato.request_company($1)", place.company)

    assert before == ({"missing"}, 0)
    assert asked == 1
