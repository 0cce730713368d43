"""``retrato restore PERSONA VERSION``: an old version back."""

from typing import Annotated

import typer
from rich.table import Table

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.known import known_persona
from retrato.app.public_url import keep_told_prefix
from retrato.cli.common import note, print_json, print_table, run, settings_for_command
from retrato.cli.options import MOST_VERSIONS
from retrato.settings import Settings
from retrato.store.addresses import Addresses
from retrato.store.versions import Version


def restore(
    persona_id: Annotated[str, typer.Argument(metavar="PERSONA", help="The persona's id or name.")],
    version: Annotated[
        int | None,
        typer.Argument(
            metavar="VERSION", min=1, max=MOST_VERSIONS, help="The version; without it they are listed."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Bring an old version back, as the newest one. Costs nothing: its pictures are still there.

    What waits or runs for the persona goes on. Without VERSION the versions are listed.
    """
    settings = settings_for_command()
    run(_restore(settings, persona_id, version, as_json=as_json))


async def _restore(settings: Settings, persona_id: str, version: int | None, *, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            persona_id = await known_persona(base, persona_id)
            if version is None:
                _show(await base.versions.list(persona_id), as_json=as_json)
                return 0
            await keep_told_prefix(settings, Addresses(base.database, base.tables.host))
            restored = await base.versions.restore(persona_id, version)
    if as_json:
        print_json({"persona_id": persona_id, "version": restored, "restored_from": version})
    else:
        note(f"version {version} is back, as version {restored}")
    return 0


def _show(versions: list[Version], *, as_json: bool) -> None:
    if as_json:
        print_json({"versions": versions})
        return
    if not versions:
        note("There is no version yet.")
        return
    table = Table("version", "since", "drawn by", "seed", "address", "", box=None, pad_edge=False)
    for one in versions:
        table.add_row(
            str(one.version),
            f"{one.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{one.provider} {one.model}",
            "" if one.seed is None else str(one.seed),
            one.image_url,
            "" if one.restored_from is None else f"version {one.restored_from} again",
        )
    print_table(table)
