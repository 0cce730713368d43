"""Retrato moving in, and what it said and did while it was at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from tests.adoption.hosts import Host
from tests.adoption.places import Address
from tests.store.support import connected

from retrato.store import migrations
from retrato.store.migrations import Step

_CATALOGUE = """
select string_agg(t, e'\n' order by t)
from (
    select format('%s %s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    union all
    select format('%s %s', attrelid::regclass, attname) from pg_attribute
    union all
    select format('%s %s', tgrelid::regclass, tgname) from pg_trigger
    union all
    select proname from pg_proc
) as catalogue(t)
where t not like 'pg_toast%'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A database that Retrato has moved into, twice."""

    address: Address
    plan: Sequence[Step]
    planned_nothing_done: bool
    """Whether the catalogue was the same after the plan."""
    done: Sequence[Step]
    rows_before: Sequence[asyncpg.Record]
    rows_after: Sequence[asyncpg.Record]
    states: Mapping[str, str]
    """Name → state of everybody who was there."""
    queued: int


async def move_in(address: Address, host: Host) -> Move:
    """Plan, migrate, and migrate once more, as ``retrato migrate`` does."""
    rows = f"select to_jsonb(p) - 'regenerate_avatar' as row from {host.people} p order by 1"
    async with connected(address.dsn) as owner:
        before, rows_before = await owner.fetchval(_CATALOGUE), await owner.fetch(rows)
        plan = await migrations.plan(owner, host.mapping)
        after = await owner.fetchval(_CATALOGUE)
        done = await migrations.apply(address.dsn, host.mapping)
        await migrations.apply(address.dsn, host.mapping)
        return Move(
            address=address,
            plan=plan,
            planned_nothing_done=after == before,
            done=done,
            rows_before=rows_before,
            rows_after=await owner.fetch(rows),
            states=dict(await owner.fetch("select name, state from retrato.persona_status")),
            queued=await owner.fetchval("select count(*) from retrato.jobs"),
        )
