"""``retrato migrate``: bring the database to this release's state."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.app.trial import example_addresses
from retrato.cli.common import EXIT_CONFIG, EXIT_FAILED, leave, note, print_json, run, settings_for_command
from retrato.cli.plan import planned, screen
from retrato.domain.errors import ConfigError
from retrato.settings import Settings
from retrato.store import detaching, migrations, rpc
from retrato.store.database import connected
from retrato.store.drift import drift
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.rights import backlog_role_sql, roles_sql
from retrato.store.trial import try_writing

_NEWER = "A newer release has migrated this database, and it serves this one: there is nothing to do."

_EVERYBODY = {
    "anon": "everybody who opens a page of the application",
    "authenticated": "everybody who has logged in to the application",
}
"""Supabase's roles that stand for nobody in particular."""


def migrate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether something is to do (exit 1).")] = False,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach",
            help="Take triggers and view out of the way of the application's own migrations; daemons wait.",
        ),
    ] = False,
    attach: Annotated[
        bool, typer.Option("--attach", help="Put them back, as plain `retrato migrate` does too.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Tell on one screen what would be done, and do nothing.")
    ] = False,
    sql: Annotated[bool, typer.Option("--sql", help="With --plan: all of the SQL.")] = False,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles", metavar="NAME", help="Print the SQL that makes a role for the daemon, and do nothing."
        ),
    ] = None,
    backlog_role: Annotated[
        str | None,
        typer.Option(
            "--backlog-role",
            metavar="NAME",
            help="Print the SQL that makes a role which may read retrato.backlog alone, for an autoscaler.",
        ),
    ] = None,
    rpc_schema: Annotated[
        str | None,
        typer.Option(
            "--rpc",
            metavar="SCHEMA",
            help="Also write functions that PostgREST finds (request, request_company, avatar_status) here.",
        ),
    ] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option("--grant", metavar="ROLE", help="With --rpc: who alone may call them; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Create or upgrade schema retrato, its triggers and the flag column.

    Safe to repeat, to run from several places at once, and beside running replicas. Enqueues nothing that exists
    already. Where a newer release has migrated, nothing is done.
    """
    settings = settings_for_command()
    if roles is not None:
        run(_print_roles(settings, roles))
    if backlog_role is not None:
        _print_backlog_role(backlog_role)
        return
    if detach:
        run(_detach(settings, plan=plan, as_json=as_json))
    exposure = _exposure(rpc_schema, grant)
    if plan or sql:
        run(_print_plan(settings, exposure, sql=sql, as_json=as_json))
    run(_migrate(settings, exposure, check=check and not attach, as_json=as_json))


def _exposure(schema: str | None, roles: Sequence[str] | None) -> rpc.Exposure | None:
    if (schema is None) != (not roles):
        raise typer.BadParameter("--rpc SCHEMA and --grant ROLE go together")
    return rpc.Exposure(schema, list(dict.fromkeys(roles))) if schema is not None and roles else None


async def _print_plan(settings: Settings, exposure: rpc.Exposure | None, *, sql: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        await _look_at(dsn, exposure)
        plan = await planned(dsn, settings, exposure)
    if as_json:
        print_json({"done": False, **asdict(plan)})
    elif not plan.steps:
        note(_NEWER)
    elif sql:
        _print_steps(plan.steps)
    else:
        print(screen(plan))  # noqa: T201
    if sql:  # whoever runs them by hand should know
        for one in plan.obstacles:
            note(f"✗ {one}")
    return EXIT_CONFIG if plan.obstacles else 0


async def _migrate(settings: Settings, exposure: rpc.Exposure | None, *, check: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        await _look_at(dsn, exposure)
        if check:
            return await _check(dsn, settings.host_mapping, exposure, as_json=as_json)
        mapping = settings.host_mapping
        await _require_that_avatars_fit(dsn, settings)
        steps = await migrations.apply(dsn, mapping)
        if steps or exposure is not None:  # else a newer release has migrated, and has newer wrappers too
            steps += await rpc.apply(dsn, exposure)
    if as_json:
        print_json({"done": True, "steps": steps})
    elif not steps:
        note(_NEWER)
    else:
        for step in steps:
            note(f"✓ {step.words}")
        note("The database is up to date.")
    return 0


async def _look_at(dsn: str, exposure: rpc.Exposure | None) -> None:
    """Refuse before anything is done, and say what somebody may not know."""
    if exposure is None:
        return
    async with connected(dsn) as connection:
        shut_out = await rpc.require(connection, exposure)
    for role in shut_out:
        note(f"! {role} may not use schema {exposure.schema} yet: it needs `grant usage on schema …`")
    for role, who in _EVERYBODY.items():
        if role in exposure.roles:
            note(
                f"! {role} is {who}: each of them may start paid work then. RETRATO_MONTHLY_BUDGET_USD limits it."
            )


async def _detach(settings: Settings, *, plan: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        if plan:
            async with connected(dsn) as connection:
                steps = await detaching.plan(connection)
        else:
            steps = await detaching.detach(dsn)
    if as_json:
        print_json({"done": not plan, "steps": steps})
    elif plan:
        _print_steps(steps)
    else:
        for step in steps:
            note(f"✓ {step.words}")
        note("Retrato is detached, and daemons wait. When your migration is done, run `retrato migrate --attach`.")
    return 0


def _print_steps(steps: Sequence[migrations.Step]) -> None:
    for step in steps:
        print(f"-- {step.words}{' (touches your table)' if step.touches_host else ''}\n{step.sql.strip()}\n")  # noqa: T201


async def _print_roles(settings: Settings, role: str) -> int:
    with database_address(settings) as dsn:
        async with connected(dsn) as connection:
            print(roles_sql(await Host.read(connection, settings.host_mapping), role), end="")  # noqa: T201
    return 0


def _print_backlog_role(role: str) -> None:
    try:
        print(backlog_role_sql(role), end="")  # noqa: T201
    except ConfigError as exc:
        leave(exc)


async def _require_that_avatars_fit(dsn: str, settings: Settings) -> None:
    """Refuse tables that would not take what is paid for."""
    async with connected(dsn) as connection:
        if (await migrations.standing(connection)).is_ahead:
            return
        host = await Host.read(connection, settings.host_mapping)
        tried = await try_writing(connection, host, example_addresses(settings))
    if tried.obstacles:
        raise ConfigError("; ".join(tried.obstacles))


async def _check(dsn: str, mapping: HostMapping, exposure: rpc.Exposure | None, *, as_json: bool) -> int:
    async with connected(dsn) as connection:
        missing = await drift(connection, mapping)
        stands = await migrations.standing(connection)
        if exposure is not None or not stands.is_ahead:
            missing += await rpc.what_is_missing(connection, exposure)
    if as_json:
        print_json({"up_to_date": not missing and stands.serves_us, "missing": missing, "schema": stands})
        return 0 if not missing and stands.serves_us else EXIT_FAILED
    for one in missing:
        note(f"✗ {one}")
    if missing:
        note("Run `retrato migrate`; a disabled trigger is enabled by `alter table … enable trigger …`.")
        return EXIT_FAILED
    stands.require()
    note(
        "The database is up to date." if not stands.is_ahead else "The database is newer, and serves this release."
    )
    return 0
