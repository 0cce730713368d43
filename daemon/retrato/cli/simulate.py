"""``retrato simulate``: the provider simulator alone."""

import asyncio
import shlex
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
    export: Annotated[
        bool, typer.Option("--export", help="Print the settings with `export`, to be pasted into a shell.")
    ] = False,
) -> None:
    """
    Run image providers that answer as the real ones do, on this machine, for nothing.

    Prints every setting that a daemon needs to draw with them, keys included, as a file `.env` takes them. Runs
    until Ctrl-C.
    """
    settings_for_command()
    try:
        world = load_scenario(scenario) if scenario is not None else Scenario.demo()
    except ConfigError as exc:
        leave(exc)
    run(_simulate(world, port, export=export))


async def _simulate(world: Scenario, port: int, *, export: bool) -> int:
    stop = asyncio.Event()
    async with Simulator(world, port=port) as simulator:
        with stop_on_signals(stop, stop):
            for name, value in simulator.settings().items():
                print(f"{'export ' if export else ''}{name}={shlex.quote(value)}", flush=True)  # noqa: T201
            note(f"Simulated providers at {simulator.base_url}; Ctrl-C ends them.")
            await stop.wait()
    return 0
