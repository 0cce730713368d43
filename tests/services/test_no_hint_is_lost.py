"""The whole of the bell at work: many applications, few bells, replicas that would sleep for a minute."""

import asyncio
import random

from service_fakes import until
from tests.store.support import Application, connected

POLL_S = 60.0


async def test_every_persona_is_drawn_long_before_the_poll_however_the_transactions_interleave(
    replica, running, company, dsn, count
):
    empresa_id = await company(1)
    replicas = [replica(poll_s=POLL_S, concurrency=concurrency) for concurrency in (1, 3)]
    services = ("dispatcher", "keeper", "listener")

    async def insert(seed: int) -> None:
        rng = random.Random(seed)
        async with connected(dsn) as connection:
            application = Application(connection, empresa_id)
            for _ in range(40):
                async with connection.transaction():
                    await application.insert_many(rng.randint(1, 2))
                    await asyncio.sleep(rng.choice((0, 0, 0.002, 0.01)))

    async with running(replicas[0], services), running(replicas[1], services):
        async with asyncio.TaskGroup() as group:
            for seed in range(4):
                group.create_task(insert(seed))
        inserted = await count("public.personas")
        await until(lambda: _all_written(count, inserted))

    assert inserted > 160


async def _all_written(count, personas: int) -> bool:
    return await count("retrato.avatars") == personas
