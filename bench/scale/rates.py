"""What docs/scale.md carries on to larger sizes: bytes a version, milliseconds a persona or a listener."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from retrato.embedded.server import EmbeddedPostgres
from retrato.store.chores import Chores
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.queries import query

from .ground import connected, install, new_database

Row = dict[str, Any]

_PERSONAS = 100_000
_SWEPT = 1000
_LISTENERS = (1, 10, 100, 200)
_RINGS = 20
_HOST = f"""
insert into empresas (codigo, nome, descricao) select n, n, '-' from generate_series(1, 1000) n;
set session_replication_role = replica;
insert into personas (persona_code, full_name, role, empresa_id)
select n, 'Persona ' || n, 'Analista', e.id
from generate_series(1, {_PERSONAS}) n
join (select id, row_number() over () as nr from empresas) e on e.nr = 1 + n % 1000;
insert into retrato.avatars (
    persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url, sha256,
    image_bytes, width, height, provider, leg, model, prompt, seed, attempts, took_s
)
select
    id::text, 1, empresa_id::text, nextval('retrato.tokens'), 1,
    empresa_id || '/' || id || '/v1-123456-0123456789abcdef.jpg',
    empresa_id || '/' || id || '/v1-123456-0123456789abcdef-thumb.jpg',
    'https://pictures.example/' || empresa_id || '/' || id || '/v1-123456-0123456789abcdef.jpg',
    'https://pictures.example/' || empresa_id || '/' || id || '/v1-123456-0123456789abcdef-thumb.jpg',
    repeat('0a', 32), 240188, 1024, 1024, 'huggingface', 'huggingface/fal-ai', 'black-forest-labs/FLUX.1-dev',
    repeat('A portrait of somebody at work. ', 15), 768726142, 1, 4.2
from personas;
reset session_replication_role;
vacuum analyze
"""
_BYTES = "select pg_total_relation_size('retrato.avatars')::float8 / count(*) from retrato.avatars"


async def rates(server: EmbeddedPostgres) -> AsyncIterator[Row]:
    """One row a figure."""
    dsn = await new_database(server, "rates")
    await install(dsn)
    async with connected(dsn) as connection:
        for statement in _HOST.split(";"):
            await connection.execute(statement)
        yield {"what": "bytes a version, indexes included", "value": round(await connection.fetchval(_BYTES))}
        began_at = time.monotonic()
        await connection.fetch(query("count_by_state"), None)
        yield {"what": f"ms to count {_PERSONAS:,} personas by state", "value": _ms_since(began_at)}
    yield {"what": f"ms of a sweep's step over {_SWEPT:,} personas", "value": await _sweep_ms(dsn)}
    for listeners in _LISTENERS:
        took_ms = await _fan_out_ms(dsn, listeners)
        yield {"what": f"ms until {listeners} listeners have heard a bell", "value": took_ms}


async def _sweep_ms(dsn: str) -> float:
    database = Database(dsn)
    await database.open()
    try:
        async with database.connection() as connection:
            chores = Chores(database, await Host.read(connection))
        swept = await chores.sweep("", limit=_SWEPT, everybody=True)  # plans
        began_at = time.monotonic()
        await chores.sweep(swept.position or "", limit=_SWEPT, everybody=True)
        return _ms_since(began_at)
    finally:
        await database.close()


async def _fan_out_ms(dsn: str, listeners: int) -> float:
    """From the NOTIFY to the last one's hearing it, the mean of some rings; all listeners are in this process."""
    async with AsyncExitStack() as stack:
        heard = asyncio.Semaphore(0)

        def hear(*_: object) -> None:
            heard.release()

        for _ in range(listeners):
            listener: asyncpg.Connection = await stack.enter_async_context(connected(dsn))
            await listener.add_listener("retrato", hear)
        bell = await stack.enter_async_context(connected(dsn))
        began_at = time.monotonic()
        for _ in range(_RINGS):
            await bell.execute("notify retrato")
            for _ in range(listeners):
                await heard.acquire()
        return round(_ms_since(began_at) / _RINGS, 2)


def _ms_since(moment: float) -> float:
    return round((time.monotonic() - moment) * 1000, 1)
