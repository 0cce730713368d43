"""
``docs/plans.md``: what `retrato migrate --plan` says of each application that is known here.

Written by ``python -m tests.adoption.plans``, and compared by a test.
"""

import asyncio
import tempfile
from pathlib import Path

from tests.adoption.hosts import FOREIGN, HOSTS, Host
from tests.store.support import connected

from retrato.cli.plan import planned, screen
from retrato.embedded.server import EmbeddedPostgres
from retrato.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/plans.md"
_HEAD = """# Plans of `retrato migrate`

What `retrato migrate --plan` says of the applications in `tests/adoption/schemas`, nobody in them yet. Written by
`make snapshot`; a test compares it. What each line means is told in [adopting.md](adopting.md).
"""


async def plan_of(dsn: str, host: Host) -> str:
    """One section of the page; *dsn* is a database with the tables of *host*."""
    settings = Settings(database_url=dsn, host=host.mapping)  # type: ignore[arg-type]
    toml = f"\n```toml\n{host.toml.strip()}\n```\n" if host.toml else ""
    kind = "Foreign schema" if host in FOREIGN else "Generation"
    name = host.name if host in FOREIGN else host.generation
    title = f"{kind} `{name}`, `{host.name}.sql`" if host not in FOREIGN else f"{kind} `{host.name}.sql`"
    return f"\n## {title}\n{toml}\n```text\n{screen(await planned(dsn, settings))}\n```\n"


def page(sections: list[str]) -> str:
    """The whole page."""
    return _HEAD + "".join(sections)


async def _write() -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as server:
        sections = []
        for host in HOSTS:
            async with connected(server.dsn) as connection:
                await connection.execute(f"create database plan_{host.name} template template0")
                await connection.execute(f'alter database plan_{host.name} set search_path to public, "Sales CRM"')
            dsn = server.dsn_for(f"plan_{host.name}")
            async with connected(dsn) as connection:
                await connection.execute(host.ddl)
            sections.append(await plan_of(dsn, host))
    PAGE.write_text(page(sections), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
