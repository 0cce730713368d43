"""The daemon itself, with simulated providers, in every application: a row becomes a face on its page."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.adoption.hosts import HOSTS, C
from tests.adoption.places import on_page, words_beside
from tests.adoption.variants import FORCED, FRESH, POOLED, case
from tests.store.support import until

from retrato.app.base import open_base
from retrato.app.daemon import open_daemon
from retrato.settings import Settings
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

PUBLIC_URL = "https://app.example/avatars"
CELLS = [*((host, FRESH) for host in HOSTS), (C, FORCED), (C, POOLED)]


@pytest.fixture
async def daemon(place, tmp_path, monkeypatch):
    """A daemon for the length of a block, set up by environment and ``retrato.toml`` alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "retrato.toml").write_text(place.host.toml, encoding="utf-8")
    address = place.address
    async with Simulator(Scenario(faces=False, latency_seconds={"default": (0.0, 0.01)})) as simulator:
        environment = {
            **simulator.urls.as_settings(),
            "HUGGINGFACE_API_KEY": "hf_a_key_for_the_simulator",
            "RETRATO_PACE_SECONDS": "0",
            # Nobody looks by himself: only the bell, heard on the direct connection, brings the news.
            "RETRATO_POLL_SECONDS": "600",
            "RETRATO_SWEEP": "off",
            "RETRATO_STORAGE_URL": "memory://",
            "RETRATO_PUBLIC_URL": PUBLIC_URL,
            "RETRATO_STATEMENT_CACHE_SIZE": "0" if address.is_pooled else "100",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

        @asynccontextmanager
        async def running():
            settings = Settings(database_url=address.pool_dsn, listen_database_url=address.dsn)
            stop = asyncio.Event()
            async with (
                open_base(settings, address.pool_dsn) as base,
                open_daemon(settings, base, address.pool_dsn, hurry=stop, pages=False) as built,
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(built.run(stop))
                yield
                stop.set()

        yield running


@pytest.mark.parametrize(("host", "variant"), [case(*cell) for cell in CELLS])
async def test_inserted_and_forced_persona_gets_its_pictures(place, daemon):
    async def version():
        return await place.database_value(
            "select max(version) from retrato.avatars where persona_id = $1", persona_id
        )

    async def second():
        return await version() == 2

    async with daemon():
        persona_id = await place.insert()
        await until(version)
        [first] = await place.shown(persona_id)
        await place.force(persona_id)
        await until(second)
        [after] = await place.shown(persona_id)

    assert on_page(first).startswith(PUBLIC_URL)
    assert on_page(after).startswith(PUBLIC_URL)
    assert on_page(after) != on_page(first)
    made = words_beside(after).get("flux_generation", {})
    assert made.get("version") == (2 if place.host.keeps_metadata else None)
    assert not await place.flag(persona_id)
