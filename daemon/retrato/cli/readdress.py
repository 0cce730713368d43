"""``retrato readdress``: the addresses in the application's rows after RETRATO_PUBLIC_URL has changed."""

from collections.abc import Mapping
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.public_url import todays_prefix
from retrato.cli.common import EXIT_FAILED, note, print_json, run, settings_for_command
from retrato.domain.errors import ConfigError
from retrato.services.readdresser import Readdresser
from retrato.settings import Settings
from retrato.store.addresses import Addresses


def readdress(
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only count: which prefixes would become which; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Rewrite the addresses in the application's rows after RETRATO_PUBLIC_URL has changed.

    Only addresses that Retrato built for a picture are touched, a few rows at a time; an application's own
    pictures stay. Daemons and the application may run meanwhile. It may be stopped at any moment and begun again.
    Exit code 1 when an application held some of the rows all the time: run it once more.
    """
    settings = settings_for_command()
    run(_readdress(settings, plan=plan, as_json=as_json))


async def _readdress(settings: Settings, *, plan: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            addresses = Addresses(base.database, base.tables.host)
            today = await todays_prefix(settings, addresses)
            if today is None:
                raise ConfigError("no public address is known yet: set RETRATO_PUBLIC_URL, or start a daemon once")
            readdresser = Readdresser(addresses, today)
            planned = await readdresser.plan()
            if plan:
                _show(planned, today, as_json=as_json)
                return 0
            await addresses.keep(today)
            done, left = await readdresser.run(progress=_Progress(sum(planned.values())))
    if as_json:
        print_json({"to": today, "from": planned, "rewritten": done, "left": left})
    else:
        note(f"{done} rows rewritten, {left} left")
        if left:
            note("They are held by the application, or it takes the addresses back: run it once more.")
    return EXIT_FAILED if left else 0


class _Progress:
    """A line now and then; a long way through a large table is not silent."""

    _EVERY = 5000

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._done = 0

    def __call__(self, rewritten: int) -> None:
        told = self._done // self._EVERY
        self._done += rewritten
        if self._done // self._EVERY > told:
            note(f"{self._done} of about {self._rows} rows rewritten")


def _show(planned: Mapping[str, int], today: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"to": today, "from": planned, "rows": sum(planned.values())})
        return
    for prefix, rows in planned.items():
        print(f"{rows} rows: {prefix}/… → {today}/…")  # noqa: T201
    note(f"{sum(planned.values())} rows would be rewritten to {today}/…; nothing was changed.")
