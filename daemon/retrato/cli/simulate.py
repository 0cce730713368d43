"""``retrato simulate``: the provider simulator alone."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from retrato.cli.common import leave, note, run, settings_for_command
from retrato.cli.signals import stop_on_signals
from retrato.domain.errors import ConfigError
from retrato.simulator.scenario import Scenario, load_scenario
from retrato.simulator.server import Simulator


def simulate(
    *,
    port: Annotated[int, typer.Option("--port", help="Port to listen on; 0 = any free one.")] = 8900,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="TOML file with latencies, faults and keys.")
    ] = None,
) -> None:
    """
    Run image providers that answer as the real ones do, on this machine, for nothing.

    Prints the settings that point a daemon at them. Runs until Ctrl-C.
    """
    settings_for_command()
    try:
        world = load_scenario(scenario) if scenario is not None else Scenario.demo()
    except ConfigError as exc:
        leave(exc)
    run(_simulate(world, port))


async def _simulate(world: Scenario, port: int) -> int:
    stop = asyncio.Event()
    async with Simulator(world, port=port) as simulator:
        with stop_on_signals(stop, stop):
            for name, value in simulator.urls.as_settings().items():
                print(f"{name}={value}", flush=True)  # noqa: T201
            note(f"Simulated providers at {simulator.base_url}; Ctrl-C ends them.")
            await stop.wait()
    return 0
