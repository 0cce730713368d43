"""Scenario files, and where the server stands."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from simulator_support import HF, ORDER, fal_sync, post, until

from retrato.domain.errors import ConfigError
from retrato.simulator.scenario import Scenario, load_scenario
from retrato.simulator.server import Simulator

_FILE = """
seed = 3
faces = false
strict_inputs = true

[latency_seconds]
default = 0.0
gen = [0.1, 0.5]

[faults]
fal-ai = ["hf_503_loading", "delay:0.01", { status = 418, body = { error = "teapot" } }]
"fal-ai.status" = ["poll_404"]

[chances.gen]
poll_500 = 0.25

[keys]
huggingface = ["hf_one"]

[limits.legacy]
at_once = 1
pause_seconds = 45

[credit_usd]
huggingface = 0.1
"""


def _load(folder: Path, text: str) -> Scenario:
    path = folder / "scenario.toml"
    path.write_text(text)
    return load_scenario(path)


async def test_file_sets_the_world(tmp_path: Path, http: aiohttp.ClientSession):
    scenario = _load(tmp_path, _FILE)
    key = {"Authorization": "Bearer hf_one"}

    async with Simulator(scenario) as simulator:
        codes = [(await post(http, fal_sync(simulator), ORDER, key))[0] for _ in range(4)]
        stranger, _ = await post(http, fal_sync(simulator), ORDER, HF)

    assert (codes, stranger) == ([503, 200, 418, 200], 401)
    assert (scenario.latency_range("gen"), scenario.latency_range("fal-ai")) == ((0.1, 0.5), (0.0, 0.0))
    assert (scenario.limit("legacy").at_once, scenario.limit("gen").at_once) == (1, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = ", "not valid TOML"),
        ("sede = 1", "sede"),
        ("[latency_seconds]\nfal = [1]", "latency_seconds.fal"),
        ("[latency_seconds]\nnope = 1", "no leg is called nope"),
        ("[latency_seconds]\nfal = [3, 1]", "shortest"),
        ("[faults]\nfal = ['nope']", "no fault is called 'nope'"),
        ("[faults]\nnope = ['ok']", "no route is called nope"),
        ("[chances.fal]\nhf_500 = 1.5", "0 … 1"),
        ("[chances.fal]\nnope = 0.5", "no fault is called 'nope'"),
        ("[keys]\nnope = ['x']", "no account is called nope"),
        ("[limits.gen]\nat_once = 0", "limits.gen.at_once"),
    ],
)
def test_mistake_in_a_file_is_named(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigError) as told:
        _load(tmp_path, text)

    assert "scenario.toml" in str(told.value)
    assert words in str(told.value)


def test_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load_scenario(tmp_path / "nowhere.toml")


def test_urls_are_exactly_the_daemons_settings_but_for_the_dedicated_endpoint():
    names = "HUGGINGFACE_ROUTER HUGGINGFACE_HUB POLLINATIONS POLLINATIONS_LEGACY"
    wanted = {f"RETRATO_{name}_URL" for name in f"{names} FAL_RUN FAL_QUEUE OPENAI_BASE".split()}

    async def settings() -> dict[str, str]:
        async with Simulator() as simulator:
            return simulator.urls.as_settings()

    assert set(asyncio.run(settings())) == wanted | {"RETRATO_RESULT_HOSTS"}


async def test_taken_port_is_a_mistake_in_the_settings(simulator: Simulator):
    port = int(simulator.base_url.rpartition(":")[2])

    with pytest.raises(ConfigError, match="cannot listen"):
        async with Simulator(port=port):
            pass


async def test_stop_does_not_wait_for_hanging_clients(http: aiohttp.ClientSession):
    async with asyncio.timeout(5):
        async with Simulator(Scenario(faces=False, faults={"fal-ai": ("hang",)})) as simulator:
            hanging = asyncio.create_task(post(http, fal_sync(simulator), ORDER, HF))
            await until(simulator.world.ledger.billed)
        with pytest.raises(aiohttp.ClientError):
            await hanging
