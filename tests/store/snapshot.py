"""
``sql/schema.snapshot.sql``: the schema as it stands after all migrations, for people to read and CI to compare.

    python -m tests.store.snapshot      writes it anew (make snapshot)
"""

import asyncio
import tempfile
from pathlib import Path

import asyncpg

from retrato.embedded.server import EmbeddedPostgres
from retrato.store import migrations, sample
from retrato.store.queries import query, sql_folder

SNAPSHOT = sql_folder() / "schema.snapshot.sql"


async def describe(dsn: str) -> str:
    """The schema of a migrated database as text."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("set search_path = ''")  # so that every name is told with its schema
        rows = await connection.fetch(query("describe_schema"))
    finally:
        await connection.close()
    parts = [f"-- {row['kind']} {row['name']}\n{row['definition'].strip()}\n" for row in rows]
    return "\n".join(["-- Written by `make snapshot`; compared by the tests. Not to be run.\n", *parts])


async def _describe_fresh(server: EmbeddedPostgres) -> str:
    await sample.create_host_tables(server.dsn)
    await migrations.apply(server.dsn)
    return await describe(server.dsn)


def main() -> None:
    """Write the snapshot from a database of its own."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as server:
        SNAPSHOT.write_text(asyncio.run(_describe_fresh(server)), encoding="utf-8")


if __name__ == "__main__":
    main()
