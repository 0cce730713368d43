"""``retrato providers``: the ways to a picture, compared by what is known and what was measured."""

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.table import Table

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.legs import account_keys, state_of
from retrato.app.providers import open_providers, providers_config
from retrato.cli.common import note, print_json, print_table, run, settings_for_command, span
from retrato.domain.errors import ProviderError
from retrato.providers.catalogue import LegInfo
from retrato.providers.comparison import COMPARED, Outlook, on_leg, success_rate
from retrato.providers.leg import Provider
from retrato.providers.registry import catalogue
from retrato.settings import Settings
from retrato.store.status import LegStatus

_DISCLOSURE = (
    "AI pictures must be disclosed where the law asks for it: Retrato marks each in the database and in the file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One leg: what is known without asking, what was measured in the last 24 hours, and what follows."""

    info: LegInfo
    measured: LegStatus | None
    success_rate: float | None
    outlooks: list[Outlook]


def providers(
    *,
    personas: Annotated[
        int | None, typer.Option("--personas", min=1, help="Cost and time for so many; else 16, 160 and 1600.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Compare the legs: model, key, breaker, measured time and success, price, and what a company would cost.

    Times are those that this database has seen in the last 24 hours; nothing is drawn and nothing is paid.
    """
    settings = settings_for_command()
    run(_providers(settings, (personas,) if personas else COMPARED, as_json=as_json))


async def _providers(settings: Settings, companies: tuple[int, ...], *, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base, open_providers(settings) as offered:
            assert base is not None
            keys = await account_keys(settings, base.status)
            measured = {leg.leg: leg for leg in await base.status.legs(keys)}
            rows = [
                _row(info, measured.get(info.leg), companies, settings)
                for info in catalogue(providers_config(settings))
            ]
            credits_left = {provider.name: await _credit(provider) for provider in offered}
    if as_json:
        print_json({"legs": rows, "credit_left_usd": credits_left})
        return 0
    print_table(_legs(rows))
    print()  # noqa: T201
    print_table(_outlooks(rows, companies))
    for text, legs in _notes(rows).items():
        note(f"{', '.join(legs)}: {text}")
    for name, left in credits_left.items():
        if left is not None:
            note(f"{name}: ${left:.2f} of credit left")
    for licence in dict.fromkeys(f"{row.info.model}: {row.info.licence}" for row in rows if row.info.licence):
        note(licence)
    note(_DISCLOSURE)
    return 0


def _row(info: LegInfo, measured: LegStatus | None, companies: tuple[int, ...], settings: Settings) -> Row:
    return Row(
        info=info,
        measured=measured,
        success_rate=success_rate(succeeded=measured.succeeded_24h, failed=measured.failed_24h)
        if measured is not None
        else None,
        outlooks=[
            on_leg(
                personas,
                info,
                median_s=measured.median_s if measured is not None else None,
                pace_s=settings.pace_seconds,
                concurrency=settings.concurrency,
            )
            for personas in companies
        ],
    )


async def _credit(provider: Provider) -> float | None:
    try:
        return await provider.credit_left()
    except ProviderError as exc:
        note(f"{provider.name}: credit not told: {exc}")
        return None


def _legs(rows: list[Row]) -> Table:
    table = Table("leg", "model", "key", "state", "median", "success", "a picture", box=None, pad_edge=False)
    for row in rows:
        info, measured = row.info, row.measured
        table.add_row(
            info.leg,
            info.model,
            _key(info),
            _state(measured),
            "?" if measured is None or measured.median_s is None else f"{measured.median_s:.1f} s",
            "?" if row.success_rate is None else f"{row.success_rate:.0%}",
            _usd(info.price_usd),
        )
    return table


def _outlooks(rows: list[Row], companies: tuple[int, ...]) -> Table:
    table = Table("leg", *(f"{personas} personas" for personas in companies), box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.info.leg, *(f"{_usd(one.cost_usd)} {span(one.time_s)}" for one in row.outlooks))
    return table


def _notes(rows: list[Row]) -> dict[str, list[str]]:
    """Note → the legs that it is about."""
    notes: dict[str, list[str]] = {}
    for row in rows:
        if row.info.note:
            notes.setdefault(row.info.note, []).append(row.info.leg)
    return notes


def _key(info: LegInfo) -> str:
    if info.key_setting is None:
        return "none needed"
    return "set" if info.key_present else f"set {info.key_setting}"


def _state(measured: LegStatus | None) -> str:
    if measured is None:
        return "never asked"
    return f"{state_of(measured)} ({measured.last_fault})" if measured.closed else measured.state


def _usd(amount: float | None) -> str:
    """Two decimals at least, four where a picture costs so little."""
    if amount is None:
        return "$?"
    exact = f"{amount:.4f}"
    return f"${exact[:-2]}" if exact.endswith("00") or amount >= 1 else f"${exact}"
