"""``retrato uninstall``: triggers and schema away; the host's rows and the pictures stay."""

import sys
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.cli.common import EXIT_FAILED, note, print_json, run, settings_for_command
from retrato.settings import Settings
from retrato.store.database import connected
from retrato.store.migrations import Step
from retrato.store.uninstall import flags_left, live_replicas
from retrato.store.uninstall import plan as plan_uninstall
from retrato.store.uninstall import uninstall as uninstall_all

_ALIVE_S = 30.0


def uninstall(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be done, and do nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also while replicas are alive.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Drop Retrato's triggers on your tables and schema retrato, with its queue and its list of versions.

    Your rows, the flag's column and the pictures stay. Safe to repeat.
    """
    settings = settings_for_command()
    run(_uninstall(settings, yes=yes, plan=plan, force=force, as_json=as_json))


async def _uninstall(settings: Settings, *, yes: bool, plan: bool, force: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with connected(dsn) as connection:
            steps, flags = await plan_uninstall(connection), await flags_left(connection)
            alive = await live_replicas(connection, seen_within_s=max(_ALIVE_S, 2 * settings.poll_seconds))
        if plan:
            _show(steps, done=False, as_json=as_json)
            return 0
        if alive and not force:
            note(f"Nothing was done: replicas are alive ({alive}). Stop them first, or say --force.")
            return EXIT_FAILED
        if steps and not yes and not _agreed():
            note("Nothing was done.")
            return EXIT_FAILED
        steps = await uninstall_all(dsn)
    _show(steps, done=True, as_json=as_json)
    if steps:
        note(f"The pictures stay where they are: {settings.storage_url_or_default}")
    for sql in flags:
        note(f"The flag's column stays. Without it your tables are as they were before: {sql};")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: say --yes")
    return typer.confirm("Drop Retrato's triggers and schema retrato, with the list of all versions?", err=True)


def _show(steps: list[Step], *, done: bool, as_json: bool) -> None:
    if as_json:
        print_json({"done": done, "steps": steps})
        return
    for step in steps:
        if done:
            note(f"✓ {step.words}")
        else:
            print(f"-- {step.words}{' (touches your table)' if step.touches_host else ''}\n{step.sql};\n")  # noqa: T201
    if not steps:
        note("Nothing is installed here.")
