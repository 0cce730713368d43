"""
The role that ``sql/roles.sql`` makes, for tests.

With RETRATO_TEST_ROLE=1 Retrato connects as that role wherever a test asks for `product`; the application, set-up
and migrations stay the owner.
"""

import os
from urllib.parse import urlsplit

import asyncpg

from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.rights import roles_sql

ROLE = "retrato_daemon"
PASSWORD = "daemon"

IS_ASKED = os.environ.get("RETRATO_TEST_ROLE") == "1"


async def make(dsn: str, mapping: HostMapping | None = None) -> None:
    """Run ``sql/roles.sql`` in a migrated database, as its owner."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(roles_sql(await Host.read(connection, mapping), ROLE))
        await connection.execute(f"alter role {ROLE} password '{PASSWORD}'")
    finally:
        await connection.close()


async def make_if_asked(dsn: str, mapping: HostMapping | None = None) -> None:
    """The same, where the product shall be that role."""
    if IS_ASKED:
        await make(dsn, mapping)


def product(dsn: str) -> str:
    """The address with which Retrato connects: the role's where that is asked, else the owner's."""
    return as_role(dsn) if IS_ASKED else dsn


def as_role(dsn: str) -> str:
    """The same database, as the daemon's role."""
    address = urlsplit(dsn)
    return address._replace(netloc=f"{ROLE}:{PASSWORD}@{address.netloc.rpartition('@')[2]}").geturl()
