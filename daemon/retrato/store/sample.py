"""A sample host application, for the demo and the tests: its tables and one company."""

from retrato.store.database import connected
from retrato.store.queries import read, render

COMPANY = "ARVA Tech Solutions"
_CODE = "ARVA01"


async def create_host_tables(dsn: str) -> None:
    """Create the host's tables where they are missing."""
    async with connected(dsn) as connection:
        await connection.execute(read("sample/host.sql"))


async def insert_company(dsn: str, *, personas: int = 16) -> str:
    """Insert the sample company anew with *personas* personas, as an application would; returns its id."""
    async with connected(dsn) as connection:
        async with connection.transaction():
            await connection.execute("delete from public.empresas where codigo = $1", _CODE)
            await connection.execute(render(read("sample/arva.sql"), {"personas": str(personas)}))
        return str(await connection.fetchval("select id from public.empresas where codigo = $1", _CODE))
