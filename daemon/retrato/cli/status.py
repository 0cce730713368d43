"""``retrato status``: backlog, providers, replicas."""

from typing import Annotated

import typer
from rich.table import Table

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.cli.common import note, print_json, print_table, run, settings_for_command
from retrato.settings import Settings
from retrato.store.control import Pause
from retrato.store.status import STATES, Cost, LegStatus, MonthsBudget, ReplicaStatus, mixed_since


def status(
    *,
    empresa_id: Annotated[str | None, typer.Option("--empresa-id", help="Only this company.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Show how many personas stand where, which providers are closed and why, and which replicas live."""
    settings = settings_for_command()
    run(_status(settings, empresa_id, as_json=as_json))


async def _status(settings: Settings, empresa_id: str | None, *, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            counts = await base.status.counts(empresa_id)
            legs = await base.status.legs()
            replicas = await base.status.replicas(seen_within_s=max(30.0, 2 * settings.poll_seconds))
            costs = await base.status.costs(empresa_id=empresa_id)
            budget = await base.status.budget()
            pauses = await base.control.pauses()
            stands = await base.status.standing()
    total = {state: sum(states.get(state, 0) for states in counts.values()) for state in STATES}
    if as_json:
        print_json(
            {
                "total": total,
                "empresas": counts,
                "legs": legs,
                "replicas": replicas,
                "costs": costs,
                "budget": budget,
                "pauses": pauses,
                "schema": stands,
            }
        )
        return 0
    print_table(_backlog(counts, total))
    if pauses:
        print_table(_pauses(pauses))
    if legs:
        print_table(_legs(legs))
    else:
        note("No provider was asked yet.")
    if replicas:
        print_table(_replicas(replicas))
    else:
        note("No replica is running: start one with `retrato run`.")
    if mixed_since(replicas) is not None:
        note("Replicas of several releases are alive: an upgrade is under way.")
    note(f"The database is at {stands}.")
    note(_money(costs, budget, settings.monthly_budget_usd))
    return 0


def _backlog(counts: dict[str, dict[str, int]], total: dict[str, int]) -> Table:
    table = Table("empresa", *STATES, box=None, pad_edge=False)
    for empresa_id, states in sorted(counts.items()):
        table.add_row(empresa_id, *(str(states.get(state, 0)) for state in STATES))
    table.add_row("all", *(str(total[state]) for state in STATES))
    return table


def _pauses(pauses: list[Pause]) -> Table:
    table = Table("paused", "name", "since", "why", box=None, pad_edge=False)
    for pause in pauses:
        table.add_row(
            pause.scope, pause.name, f"{pause.paused_at.astimezone():%Y-%m-%d %H:%M:%S}", pause.reason or ""
        )
    return table


def _legs(legs: list[LegStatus]) -> Table:
    table = Table("leg", "state", "24 h: ok", "failed", "median", "why", box=None, pad_edge=False)
    for leg in legs:
        table.add_row(
            leg.leg,
            f"closed for {leg.opens_in_s:.0f} s" if leg.closed else "in use",
            str(leg.succeeded_24h),
            str(leg.failed_24h),
            "" if leg.median_s is None else f"{leg.median_s:.1f} s",
            leg.reason or "",
        )
    return table


def _money(costs: list[Cost], budget: MonthsBudget | None, limit_usd: float | None) -> str:
    """The month's spending in a sentence."""
    spent = sum(cost.cost_usd for cost in costs)
    pictures = sum(cost.pictures for cost in costs)
    unknown = sum(cost.of_unknown_cost for cost in costs)
    told = f"This month: ${spent:.2f} for {pictures} pictures"
    if unknown:
        told += f" ({unknown} of them at a price that nobody told)"
    if limit_usd is not None:
        reserved = budget.reserved_usd if budget is not None else 0
        told += f"; budget ${limit_usd:.2f}, ${reserved:.2f} of it set aside"
    return told


def _replicas(replicas: list[ReplicaStatus]) -> Table:
    table = Table("replica", "version", "since", "last sign of life", "in hand", box=None, pad_edge=False)
    for replica in replicas:
        table.add_row(
            replica.replica_id,
            replica.version,
            f"{replica.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{max(0, replica.silent_s):.0f} s ago",
            str(replica.running),
        )
    return table
