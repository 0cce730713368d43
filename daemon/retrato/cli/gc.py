"""``retrato gc``: stored pictures away that nobody names any more."""

from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.cli.common import EXIT_FAILED, note, print_json, run, settings_for_command
from retrato.domain.errors import ConfigError
from retrato.services.collector import Collector, Report
from retrato.settings import Settings
from retrato.storage.location import open_store
from retrato.store.garbage import Garbage

_DAY_S = 24 * 3600.0


def gc(
    *,
    grace_days: Annotated[
        float,
        typer.Option(
            "--grace-days", min=1, help="Remove only what has been unnamed in all runs for so many days."
        ),
    ] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; do nothing.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="The pictures belong to this database, and it may be most of them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Remove stored pictures that no version names: of deleted personas, of lost work. Run it once a day.

    A picture goes when it was unnamed in an earlier run at least the grace time ago and still is. Daemons may run
    meanwhile. Objects that are no pictures of Retrato are never touched.
    """
    settings = settings_for_command()
    run(_gc(settings, grace_s=grace_days * _DAY_S, dry_run=dry_run, yes=yes, as_json=as_json))


async def _gc(settings: Settings, *, grace_s: float, dry_run: bool, yes: bool, as_json: bool) -> int:
    if settings.storage_url_or_default.startswith("memory:"):
        raise ConfigError("RETRATO_STORAGE_URL is memory: the pictures are in the daemon, and go with it")
    store = open_store(settings.storage_url_or_default, public_url="")
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            collector = Collector(Garbage(base.database, base.tables), store, grace_s=grace_s)
            report = await collector.collect(agreed=yes, dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        _tell(report, dry_run=dry_run)
    return EXIT_FAILED if report.refusal is not None else 0


def _tell(report: Report, *, dry_run: bool) -> None:
    left_alone = [
        f"{count} {what}"
        for count, what in (
            (report.older, "from before the installation"),
            (report.strangers, "no pictures of ours"),
        )
        if count
    ]
    note(
        f"{report.pictures} pictures looked at, {report.unnamed} named by nobody, "
        f"for {report.due} of them the grace time is over"
        + (f"; left alone: {', '.join(left_alone)}" if left_alone else "")
    )
    if report.refusal is not None:
        note(
            f"Nothing was removed: {report.refusal}. `retrato gc --dry-run` shows the numbers; if it is right so,"
        )
        note(
            "and no other database keeps its pictures under this RETRATO_STORAGE_URL, say `retrato gc --yes` once."
        )
    elif dry_run:
        note(f"{report.due} would be removed now. Nothing was changed.")
    else:
        note(f"{report.removed} removed")
