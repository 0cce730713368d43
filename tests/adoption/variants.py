"""In what state an application's database may be when Retrato moves in."""

import asyncpg
import pytest
from tests.adoption.hosts import HOSTS, A, B, C, Host
from tests.adoption.places import OWNER, VISITOR, Address, as_role
from tests.store.support import connected

FRESH = "fresh"
WITH_DATA = "with data"
DUPLICATES = "with duplicates"
LEAN = "without optional columns"
POLICIES = "row security"
FORCED = "forced row security"
POOLED = "behind PgBouncer"

_LIKE_FRESH = {DUPLICATES, POOLED}
"""Nothing differs before Retrato comes: these share the database."""
_WITH_FORCE = (A, B, C)

CELLS = tuple(
    (host, variant)
    for host in HOSTS
    for variant in (FRESH, WITH_DATA, DUPLICATES, LEAN, POLICIES, FORCED, POOLED)
    if (variant != DUPLICATES or host.duplicate is not None) and (variant != FORCED or host in _WITH_FORCE)
)
"""All that there is: a table with a UNIQUE has no duplicates."""

PICTURE = "https://cdn.example/old.png"


def case(host: Host, *more: object) -> object:
    """A parameter of a test; all tests of one application run in one process, where its databases are."""
    marks = pytest.mark.xdist_group(f"adoption-{host}")
    return pytest.param(*((host, *more) if more else (host,)), id="-".join(map(str, (host, *more))), marks=marks)


def built_as(variant: str) -> str:
    """The variant whose database this one uses."""
    return FRESH if variant in _LIKE_FRESH else variant


async def prepare(address: Address, host: Host, variant: str) -> None:
    """Bring the tables into the state of *variant*, before Retrato comes."""
    async with connected(address.dsn) as owner:
        if variant == WITH_DATA:
            await insert_people(owner, host)
        if variant == LEAN:
            for table, columns in host.optional.items():
                for column in columns:
                    await owner.execute(f'alter table {table} drop column "{column}"')
        if variant in {POLICIES, FORCED}:
            await owner.execute(_policies(host, forced=variant == FORCED))


def reached(address: Address, variant: str, *, pooler_port: int | None) -> Address:
    """How a database in the state of *variant* is reached."""
    if variant in {POLICIES, FORCED}:
        return Address(address.dsn, address.dsn, as_role(address.dsn, VISITOR))
    if pooler_port is not None:
        return Address(address.dsn, as_role(address.dsn, OWNER, port=pooler_port), address.dsn)
    return address


async def insert_people(owner: asyncpg.Connection, host: Host) -> None:
    """People of all kinds, as they are there when Retrato comes."""
    company = await owner.fetchval(host.insert_company, "LifeWayUSA")
    names = ("Com Foto", "Sem Foto", "Com Dicebear", "[A GERAR]")
    people = {name: await owner.fetchval(host.insert_persona, company, name) for name in names}
    await owner.execute(host.put_url, people["Com Foto"], PICTURE)
    await owner.execute(host.put_url, people["Com Dicebear"], "https://api.dicebear.com/7.x/avataaars/svg?seed=x")


def _policies(host: Host, *, forced: bool) -> str:
    """Everybody sees and writes the rows of the own company; where it is forced, the owner needs a policy too."""
    statements = [f'grant usage on schema "Sales CRM" to {VISITOR}'] if "Sales CRM" in host.people else []
    for table in host.tables:
        is_own = f"{host.company_column}::text = current_setting('app.company', true)"
        condition = is_own if table == host.people else "true"
        statements += [
            f"grant select, insert, update, delete on {table} to {VISITOR}",
            f"alter table {table} enable row level security",
            f"create policy people on {table} for all to {VISITOR} using ({condition})",
        ]
        if forced:
            statements += [
                f"alter table {table} force row level security",
                f"create policy owner on {table} for all to {OWNER} using (true)",
            ]
    return ";\n".join(statements)
