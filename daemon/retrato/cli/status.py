"""``retrato status``: backlog, providers, replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Column, Table

from retrato.app.address import database_address
from retrato.app.base import open_base
from retrato.app.known import company_names, known_company
from retrato.app.legs import account_keys, clock_time, resume_command, state_of
from retrato.cli.common import note, print_json, print_table, run, settings_for_command
from retrato.cli.options import EmpresaId
from retrato.settings import Settings
from retrato.store.control import Pause, Scope
from retrato.store.status import STATES, Cost, LegStatus, MonthsBudget, ReplicaStatus, mixed_since


def status(
    *,
    empresa_id: EmpresaId = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Show the queue, the legs (which are suspended, until when and why), and which replicas live."""
    settings = settings_for_command()
    run(_status(settings, empresa_id, as_json=as_json))


async def _status(settings: Settings, empresa_id: str | None, *, as_json: bool) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            if empresa_id is not None:
                empresa_id = await known_company(base, empresa_id)
            counts = await base.status.counts(empresa_id)
            legs = await base.status.legs(await account_keys(settings, base.status))
            replicas = await base.status.replicas(seen_within_s=max(30.0, 2 * settings.poll_seconds))
            costs = await base.status.costs(empresa_id=empresa_id)
            budget = await base.status.budget()
            pauses = await base.control.pauses()
            waits = await base.status.why_jobs_wait()
            stands = await base.status.standing()
            names = await company_names(base)
    total = {state: sum(states.get(state, 0) for states in counts.values()) for state in STATES}
    if as_json:
        print_json(
            {
                "total": total,
                "empresas": counts,
                "legs": [_with_command(leg, pauses) for leg in legs],
                "replicas": replicas,
                "costs": costs,
                "budget": budget,
                "pauses": pauses,
                "waits": waits,
                "schema": stands,
            }
        )
        return 0
    print_table(_backlog(counts, total, names))
    if pauses:
        print_table(_pauses(pauses))
    for wait in waits:
        print(f"{wait.jobs} {'job waits' if wait.jobs == 1 else 'jobs wait'}: {wait.reason}")  # noqa: T201
    if legs:
        print_table(_legs(legs))
        for command in dict.fromkeys(filter(None, (_command(leg, pauses) for leg in legs))):
            print(f"→ `{command}` when the cause is mended: it is asked again at once")  # noqa: T201
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


def _backlog(counts: dict[str, dict[str, int]], total: dict[str, int], names: Mapping[str, str]) -> Table:
    """Companies by state; states in which nobody is are left out, so that the rest fits a terminal."""
    shown = [state for state in STATES if total[state]] or STATES[:1]
    table = Table("empresa", *(Column(state, no_wrap=True) for state in shown), "name", box=None, pad_edge=False)
    for empresa_id, states in sorted(counts.items()):
        table.add_row(empresa_id, *(str(states.get(state, 0)) for state in shown), names.get(empresa_id, ""))
    table.add_row("all", *(str(total[state]) for state in shown))
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
            state_of(leg),
            str(leg.succeeded_24h),
            str(leg.failed_24h),
            "" if leg.median_s is None else f"{leg.median_s:.1f} s",
            _why(leg),
        )
    return table


def _why(leg: LegStatus) -> str:
    if leg.state != "available" or leg.faults_in_row:
        return leg.reason or ""
    if leg.other_key_until is not None:
        return f"with another key or address it is suspended until {clock_time(leg.other_key_until)}"
    return ""


def _command(leg: LegStatus, pauses: Sequence[Pause]) -> str | None:
    """What makes *leg* be asked again at once; None where nothing keeps it."""
    for pause in pauses:
        if pause.scope == Scope.LEG and (leg.leg == pause.name or leg.leg.startswith(f"{pause.name}/")):
            return resume_command(pause.name)
    return resume_command(leg.leg) if leg.closed else None


def _with_command(leg: LegStatus, pauses: Sequence[Pause]) -> dict[str, object]:
    return {**asdict(leg), "resume_command": _command(leg, pauses)}


def _money(costs: list[Cost], budget: MonthsBudget | None, limit_usd: float | None) -> str:
    """The month's spending in a sentence."""
    spent = sum(cost.cost_usd for cost in costs)
    pictures = sum(cost.pictures for cost in costs)
    unknown = sum(cost.of_unknown_cost for cost in costs)
    told = f"This month: ${spent:.2f} for {pictures} picture{'' if pictures == 1 else 's'}"
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
