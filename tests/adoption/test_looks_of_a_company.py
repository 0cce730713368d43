"""No two alike in a company, also where several replicas draw its team at the same moment, on a real Postgres."""

import asyncio
from dataclasses import replace

import pytest
from tests.adoption.hosts import A, B
from tests.adoption.variants import FRESH, case
from tests.store.support import connected, new_replica

from retrato.domain.persona import Persona
from retrato.generation.wording import Wording
from retrato.prompts.draw import draw_look
from retrato.store.database import Database
from retrato.store.host import Host as HostTables
from retrato.store.looks import Looks
from retrato.store.personas import Personas

TEAM = 40
REPLICAS = 3
# A row that tells the whole appearance: what is left to the lot is little.
TOLD = """{"descricao_fisica_completa": {"etnia": "parda", "pele_tom": "morena clara",
    "cabelo": {"cor": "castanho", "comprimento": "curto", "textura": "liso"}, "idade_aparente": "30"}}"""


@pytest.fixture(params=[case(A), case(B)])
def host(request):
    return request.param


@pytest.fixture
def variant():
    return FRESH


class Replica:
    """One of several that work for the company at the same time, with connections of its own."""

    def __init__(self, database, tables, company):
        self.jobs = new_replica(database)
        self.looks = Looks(database)
        self._personas = Personas(database, tables)
        self._wording = Wording(self.looks)
        self._company = company

    async def claim(self, count):
        return (await self.jobs.claim(count, pace_s=0, empresa_id=self._company)).jobs

    async def prompts(self, jobs):
        """The prompts for all of them, at once."""
        return await asyncio.gather(*map(self._prompt, jobs))

    async def _prompt(self, job):
        draft = await self._personas.read(job.persona_id)
        return await self._wording.prompt_for(job, draft.persona, version=draft.version)


@pytest.fixture
async def replicas(place):
    """Replicas, each with a share of the claimed team."""
    async with connected(place.address.dsn) as connection:
        tables = await HostTables.read(connection, place.host.mapping)
    databases = [Database(place.address.dsn, size=4) for _ in range(REPLICAS)]
    for database in databases:
        await database.open()
    yield [Replica(database, tables, place.company) for database in databases]
    for database in databases:
        await database.close()


async def claimed(replicas):
    """Every replica with its share of the team."""
    shares = [(one, await one.claim(-(-TEAM // REPLICAS))) for one in replicas]
    assert sum(len(jobs) for _, jobs in shares) == TEAM
    return shares


async def fingerprints(place):
    rows = await place.database.fetch("select fingerprint from retrato.looks where empresa_id = $1", place.company)
    return {row["fingerprint"] for row in rows}


async def test_team_drawn_by_several_replicas_at_once_has_as_many_looks_and_prompts_as_people(place, replicas):
    await place.connection.execute("begin")
    for number in range(TEAM):
        persona_id = await place.insert(f"Pessoa {number}")
        await place.update(persona_id, "genero", "feminino" if number % 2 else "masculino")
    await place.connection.execute("commit")

    prompts = await asyncio.gather(*(one.prompts(jobs) for one, jobs in await claimed(replicas)))

    assert len({prompt for share in prompts for prompt in share}) == TEAM
    assert len(await fingerprints(place)) == TEAM


async def test_rows_that_all_tell_the_same_appearance_are_told_apart_all_the_same(place, replicas):
    await place.connection.execute("begin")
    for number in range(TEAM):
        persona_id = await place.insert(f"Pessoa {number}")
        await place.update(persona_id, "system_prompt", TOLD)
    await place.connection.execute("commit")

    prompts = await asyncio.gather(*(one.prompts(jobs) for one, jobs in await claimed(replicas)))

    assert len(await fingerprints(place)) == TEAM
    assert len({prompt for share in prompts for prompt in share}) == TEAM


async def test_replicas_that_draw_the_same_faces_in_the_same_order_never_keep_one_twice(place, replicas):
    for number in range(TEAM):
        await place.insert(f"Pessoa {number}")
    stranger = Persona(id="somebody", empresa_id=place.company, name="Somebody")
    faces = [draw_look(stranger, attempt=number) for number in range(TEAM)]
    # Everybody is offered the same faces, number 0 first: each is taken by one, and all others are turned away.
    offered = [replace(face, twin=f"face {number}") for number, face in enumerate(faces)]

    kept = await asyncio.gather(
        *(
            one.looks.of(job, version=1, suits=lambda _: True, draw=offered.__getitem__)
            for one, jobs in await claimed(replicas)
            for job in jobs
        )
    )

    assert {look.twin for look in kept} == {f"face {number}" for number in range(TEAM)}


async def test_look_is_kept_over_a_retry_and_gone_with_the_persona(place, replicas):
    persona_id = await place.insert()
    [one, other, *_] = replicas
    [job] = await one.claim(1)
    [first] = await one.prompts([job])
    await one.jobs.release(job)

    [again] = await other.claim(1)
    [second] = await other.prompts([again])
    await place.delete(persona_id)

    assert second == first
    assert await fingerprints(place) == set()
