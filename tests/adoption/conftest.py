"""One server, a PgBouncer in front of it, and a database for each application and state, built when asked for."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.adoption.hosts import Host
from tests.adoption.moves import Move, move_in
from tests.adoption.places import ROLES, Address, Place, create_tables, new_database, opened, pooled, run
from tests.adoption.variants import FRESH, POOLED, built_as, prepare, reached
from tests.store.support import connected
from tests.tools import needs

from retrato.embedded.server import EmbeddedPostgres


@pytest.fixture(scope="session")
def server(postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """The server of all tests, with the roles of an application."""

    async def create_roles() -> None:
        async with connected(postgres.dsn) as connection:
            await connection.execute(ROLES)

    run(create_roles())
    return postgres


@pytest.fixture(scope="session")
def pooler_port(server: EmbeddedPostgres) -> Iterator[int]:
    """PgBouncer in transaction mode, from Debian's package."""
    needs("pgbouncer", untested="applications behind a pooler")
    with tempfile.TemporaryDirectory(prefix="retrato-pgbouncer-") as folder, pooled(server, Path(folder)) as port:
        yield port


@pytest.fixture(scope="session")
def moves(server: EmbeddedPostgres) -> Callable[[Host, str], Move]:
    """Moves Retrato into the database of an application in a state; each is built once."""

    @cache
    def move(host: Host, variant: str) -> Move:
        async def build() -> Move:
            return await move_in(await unoccupied(server, host, variant), host)

        return run(build())

    return move


@pytest.fixture
def pooler(request: pytest.FixtureRequest, variant: str) -> int | None:
    """The port of PgBouncer, for those who go through it."""
    return request.getfixturevalue("pooler_port") if variant == POOLED else None


@pytest.fixture
def move(moves: Callable[[Host, str], Move], host: Host, variant: str) -> Move:
    """How Retrato moved in with *host* in the state *variant*."""
    return moves(host, built_as(variant))


@pytest.fixture
def address(move: Move, variant: str, pooler: int | None) -> Address:
    """The database of *host* in the state *variant*, with Retrato moved in."""
    return reached(move.address, variant, pooler_port=pooler)


@pytest.fixture
async def place(address: Address, host: Host) -> AsyncIterator[Place]:
    """The application *host*, with a company of this test's own."""
    async with opened(host, address) as place:
        yield place


@pytest.fixture
async def bare(server: EmbeddedPostgres, host: Host) -> Address:
    """A database of this test's own, with the application's tables, before Retrato comes."""
    return await unoccupied(server, host, FRESH)


async def unoccupied(server: EmbeddedPostgres, host: Host, variant: str) -> Address:
    """An application's database before Retrato comes."""
    address = await new_database(server)
    await create_tables(address, host)
    await prepare(address, host, variant)
    return address
