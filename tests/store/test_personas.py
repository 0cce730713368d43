"""Personas as Retrato reads them."""

from datetime import date

import pytest
from tests.store.support import claim_one, finished_for

from retrato.domain.errors import ConfigError
from retrato.prompts.compose import compose
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.personas import Personas


@pytest.fixture
async def personas(database):
    async with database.connection() as connection:
        return Personas(database, await Host.read(connection))


async def test_persona_is_read_with_its_company(app, personas):
    persona_id = await app.insert(
        " Ana Souza ", genero="feminino", experiencia_anos=12, nacionalidade="  ", descricao_fisica="alta"
    )

    draft = await personas.read(persona_id)

    assert draft.ready
    assert draft.version == 1
    assert (draft.persona.name, draft.persona.gender, draft.persona.experience_years) == (
        "Ana Souza",
        "feminino",
        12,
    )
    assert (draft.persona.nationality, draft.persona.appearance, draft.persona.age) == (None, "alta", None)
    assert (draft.persona.empresa_id, draft.persona.empresa_name, draft.persona.industry) == (
        app.empresa_id, "ARVA", "tecnologia"
    )  # fmt: skip


async def test_placeholder_is_read_as_not_ready(app, personas):
    assert not (await personas.read(await app.insert("[A GERAR]"))).ready


async def test_persona_that_is_gone_is_none(app, personas):
    persona_id = await app.insert()
    await app.delete(persona_id)

    assert await personas.read(persona_id) is None


async def test_next_version_comes_after_the_newest(app, personas, jobs, avatars):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs), version=3))

    assert (await personas.read(persona_id)).version == 4


async def test_prompt_that_the_application_wrote_is_the_ready_prompt(app, personas):
    persona_id = await app.insert()
    await app.connection.execute(
        "insert into personas_avatares (persona_id, prompt_usado, prompt_image) values ($1, 'old', ' Ana ')",
        persona_id,
    )

    assert (await personas.read(persona_id)).persona.ready_prompt == "Ana"


async def test_copy_of_our_own_prompt_is_not_the_applications(app, personas, jobs, avatars):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs), prompt="A portrait of Ana"))
    await app.connection.execute("update personas_avatares set prompt_usado = 'A portrait of Ana'")

    assert (await personas.read(persona_id)).persona.ready_prompt is None


async def test_country_age_and_prose_are_found_without_configuration(app, personas):
    await app.connection.execute(
        "alter table personas add column pais text, add column country_code char(2), add column idade text, "
        "add column data_nascimento date, add column description text, add column bio text"
    )
    await app.connection.execute("update empresas set pais = 'PT'")
    async with personas._database.connection() as connection:
        personas = Personas(personas._database, await Host.read(connection))

    one = await app.insert(
        "Yuki Tanaka", country_code="JP", idade="30-35", description="Red hair", bio="Likes tea", pais="a definir"
    )
    other = await app.insert("Ana", idade="não informado", data_nascimento=date(1990, 1, 1))
    yuki, ana = (await personas.read(one)).persona, (await personas.read(other)).persona

    assert (yuki.country, yuki.empresa_country, yuki.age) == ("a definir\nJP", "PT", 32)
    assert (yuki.description, yuki.bio) == ("Red hair", "Likes tea")
    assert "Japanese" in compose(yuki)
    assert "Portuguese" in compose(ana)
    assert ana.age >= 36


async def test_columns_of_the_company_may_have_other_names(app, personas):
    await app.connection.execute("alter table empresas rename column pais to land")
    mapping = HostMapping(empresas_columns={"country": "land"})
    async with personas._database.connection() as connection:
        personas = Personas(personas._database, await Host.read(connection, mapping))
        with pytest.raises(ConfigError, match="nowhere"):
            await Host.read(connection, HostMapping(empresas_columns={"country": "nowhere"}))

    persona_id = await app.insert()
    await app.connection.execute("update empresas set land = 'Chile'")

    assert (await personas.read(persona_id)).persona.empresa_country == "Chile"
