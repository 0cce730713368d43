"""
The chat assistant, replayed with SQLAlchemy on generation C: it writes the whole team anew at each confirmation.

Its rows are complete and already have an address, that of a placeholder service.
"""

import pytest
from tests.adoption.hosts import C
from tests.adoption.places import on_page
from tests.adoption.variants import FRESH, POLICIES, case

sqlalchemy = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed: its habits are not replayed")
pytest.importorskip("psycopg", reason="psycopg is not installed: SQLAlchemy has no way to Postgres")
from sqlalchemy import orm  # noqa: E402 - only where it is there
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert  # noqa: E402

NAMES = ("Ana Souza", "Bruno Lima", "Carla Dias")
DICEBEAR = "https://api.dicebear.com/7.x/avataaars/svg?seed="


class Base(orm.DeclarativeBase):
    pass


class Persona(Base):
    """What the assistant knows of a persona; of Retrato it knows nothing."""

    __tablename__ = "personas"

    id = orm.mapped_column(
        UUID(as_uuid=False), primary_key=True, server_default=sqlalchemy.text("gen_random_uuid()")
    )
    empresa_id = orm.mapped_column(UUID(as_uuid=False))
    persona_code = orm.mapped_column(sqlalchemy.String(100), unique=True)
    full_name = orm.mapped_column(sqlalchemy.String(255))
    nome = orm.mapped_column(sqlalchemy.String(255))
    cargo = orm.mapped_column(sqlalchemy.String(100))
    status = orm.mapped_column(sqlalchemy.String(50))
    avatar_url = orm.mapped_column(sqlalchemy.Text)
    # "metadata" is a word of SQLAlchemy's own.
    extra = orm.mapped_column("metadata", JSONB)


@pytest.fixture(params=[case(C)])
def host(request):
    return request.param


@pytest.fixture(params=[FRESH, POLICIES])
def variant(request):
    return request.param


@pytest.fixture
def engine(address):
    engine = sqlalchemy.create_engine(address.people_dsn.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine, place):
    """A unit of work; people of this company are at work in it."""
    with orm.Session(engine) as session:
        session.execute(
            sqlalchemy.text("select set_config('app.company', :company, false)"), {"company": place.company}
        )
        yield session


@pytest.fixture
def confirm(session, place):
    """One confirmation in the chat: the whole team is upserted, placeholders and all."""

    def write(cargo="Analista"):
        team = [
            {
                "empresa_id": place.company,
                "persona_code": f"{place.company[:8]}-{name}",
                "full_name": name,
                "nome": name,
                "cargo": cargo,
                "status": "active",
                "avatar_url": DICEBEAR + name,
                "extra": {"origem": "chat"},
            }
            for name in NAMES
        ]
        statement = insert(Persona).values(
            [{getattr(Persona, k).property.columns[0]: v for k, v in row.items()} for row in team]
        )
        kept = {c.name: c for c in statement.excluded if c.name not in {"id", "persona_code"}}
        session.execute(statement.on_conflict_do_update(index_elements=["persona_code"], set_=kept))
        session.commit()

    return write


@pytest.fixture
def jobs(place):
    async def count():
        return await place.database_value("select count(*) from retrato.jobs where empresa_id = $1", place.company)

    return count


async def test_complete_rows_with_dicebear_addresses_are_queued_once(confirm, jobs):
    confirm()
    confirm()
    confirm()

    assert await jobs() == 3


async def test_team_that_is_written_anew_again_and_again_keeps_its_pictures_and_queues_nothing(
    place, confirm, jobs
):
    confirm()
    pictures = {(finished := await place.draw()).persona_id: finished.image_url for _ in NAMES}

    for _ in range(5):
        confirm()

    for persona_id, url in pictures.items():
        [row] = await place.shown(persona_id)
        assert on_page(row) == row["avatar_url"] == url
        assert row["metadata"]["origem"] == "chat"
        assert row["metadata"]["flux_generation"]["version"] == 1
    assert await jobs() == 0
    assert await place.database_value(
        "select count(*) from retrato.avatars where persona_id = any($1)", list(pictures)
    ) == len(NAMES)


async def test_team_that_is_written_anew_while_it_is_drawn_gets_its_pictures(place, confirm, jobs):
    confirm()
    job = await place.claim()
    confirm("Gerente")
    await place.jobs.release(job)

    pictures = {(finished := await place.draw()).persona_id: finished.image_url for _ in NAMES}

    assert {on_page(row) for p in pictures for row in await place.shown(p)} == set(pictures.values())
    assert await jobs() == 0


async def test_object_that_was_loaded_before_the_drawing_writes_back_only_what_it_changed(place, session, confirm):
    confirm()
    loaded = {
        str(persona.id): persona
        for persona in session.scalars(sqlalchemy.select(Persona).where(Persona.empresa_id == place.company))
    }
    session.commit()
    finished = await place.draw()

    loaded[finished.persona_id].cargo = "Diretora"
    session.commit()

    [row] = await place.shown(finished.persona_id)
    assert (on_page(row), row["cargo"]) == (finished.image_url, "Diretora")
