"""``retrato demo``: the whole thing on one machine, with a database and providers of its own."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.table import Table

from retrato.app.address import database_address
from retrato.app.base import Base, open_base
from retrato.app.console import open_console
from retrato.app.console_token import console_token
from retrato.app.daemon import open_daemon
from retrato.cli.common import EXIT_FAILED, log_as_set, note, print_table, run, settings_for_command
from retrato.cli.progress import Watched, give_up_without_legs, watch
from retrato.cli.signals import stop_on_signals
from retrato.providers.config import DEFAULT_PROVIDERS
from retrato.settings import Settings
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import migrations, sample
from retrato.store.status import PersonaStatus

_SIMULATED_PACE_S = 1.0
_KEYS = {
    "huggingface": "huggingface_api_key",
    "pollinations": "pollinations_api_key",
    "fal": "fal_key",
    "openai": "openai_api_key",
}
"""Provider → setting of its key: one key of a provider that is asked makes the demo a real one."""


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End with a report when all avatars are done.")] = False,
    personas: Annotated[int, typer.Option("--personas", min=1, max=100_000, help="How many personas.")] = 16,
    pace: Annotated[
        float | None,
        typer.Option("--pace", min=0, help="Seconds between two starts; 1 with simulated providers."),
    ] = None,
) -> None:
    """
    Start a Postgres, insert the personas of a sample company, and draw their avatars.

    The providers are simulated, and cost nothing, unless a key (HUGGINGFACE_API_KEY, POLLINATIONS_API_KEY, …) of
    one of RETRATO_PROVIDERS is set. Everything lies under RETRATO_DATA_DIR (./.retrato). RETRATO_DATABASE_URL is
    not touched.
    """
    settings = settings_for_command()
    if settings.log_level == "info" and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "warning"})
        log_as_set(settings)
    run(_demo(settings, once=once, personas=personas, pace_s=pace))


async def _demo(settings: Settings, *, once: bool, personas: int, pace_s: float | None) -> int:
    stop, hurry = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        simulated = not any(getattr(settings, _KEYS[name]) for name in settings.providers if name in _KEYS)
        changes: dict[str, Any] = {"database_url": None, "listen_database_url": None, "embedded": True}
        if simulated:
            simulator = await stack.enter_async_context(Simulator(Scenario.demo()))
            changes |= simulated_settings(simulator)
            changes["pace_seconds"] = _SIMULATED_PACE_S
        if pace_s is not None:
            changes["pace_seconds"] = pace_s
        settings = settings.model_copy(update=changes)
        dsn = stack.enter_context(database_address(settings))
        stack.enter_context(stop_on_signals(stop, hurry))
        await sample.create_host_tables(dsn)
        await migrations.apply(dsn)
        base = await stack.enter_async_context(open_base(settings, dsn))
        assert base is not None
        empresa_id = await sample.insert_company(dsn, personas=personas)
        note(
            f"{sample.COMPANY}: {personas} personas inserted; "
            + ("providers are simulated" if simulated else "REAL providers: pictures cost money")
            + f", one start every {settings.pace_seconds:g} s"
        )
        token = console_token(settings, os.environ)
        log_as_set(settings, secrets=token.secrets)
        console = await stack.enter_async_context(open_console(settings, token))
        if console.url is None and settings.public_url is None:  # somebody else's port would lead to somebody else
            settings = settings.model_copy(update={"console_port": 0})
            console = await stack.enter_async_context(open_console(settings, token))
        link = console.login_link(f"/empresas/{empresa_id}")
        if link is not None:
            # A token that somebody has set is known to him, and is not repeated.
            note(f"See them come: {link if token.is_generated else link.partition('#')[0]}")
        daemon = await stack.enter_async_context(open_daemon(settings, base, dsn, hurry=hurry, console=console))
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            if once:
                group.create_task(
                    give_up_without_legs(daemon.leg_availability, base.status, Watched(empresa_id), stop=stop)
                )
            await watch(base.status, Watched(empresa_id), stop=stop, title=sample.COMPANY)
            if not once and not stop.is_set():
                note("All drawn. The daemon goes on listening: insert or flag a persona. Ctrl-C ends it.")
                await stop.wait()
            stop.set()
        return await _report(base, empresa_id, settings)


def simulated_settings(simulator: Simulator) -> dict[str, Any]:
    """The settings (field names) that point a daemon at *simulator*."""
    values: dict[str, Any] = {
        name.removeprefix("RETRATO_").lower(): value for name, value in simulator.urls.as_settings().items()
    }
    known = {name: value for name, value in values.items() if name in Settings.model_fields}
    return {
        **known,
        "huggingface_endpoint_url": None,
        "huggingface_endpoint_name": None,
        "result_hosts": tuple(known["result_hosts"].split(",")),
        "huggingface_api_key": SecretStr("hf_simulated"),
        "providers": DEFAULT_PROVIDERS,
    }


async def _report(base: Base, empresa_id: str, settings: Settings) -> int:
    personas = await base.status.personas(empresa_id=empresa_id, limit=1_000_000)
    folder = Path(settings.storage_url_or_default.removeprefix("file://"))
    table = Table("persona", "provider", "seed", "time", "file", box=None, pad_edge=False)
    for one in personas:
        table.add_row(
            one.name or "",
            one.provider or one.state,
            "" if one.seed is None else str(one.seed),
            "" if one.took_s is None else f"{one.took_s:.1f} s",
            _file(one, folder) or one.last_error or "",
        )
    print_table(table)
    ready = sum(one.state == "ready" for one in personas)
    note(f"{ready} of {len(personas)} have their avatar. Pictures: {folder}")
    return 0 if ready == len(personas) else EXIT_FAILED


def _file(one: PersonaStatus, folder: Path) -> str | None:
    if one.avatar_url is None:
        return None
    return str(folder / one.avatar_url.partition("/avatars/")[2])
