"""``retrato migrate``: bring the database to this release's state."""

from dataclasses import asdict
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.app.trial import example_addresses
from retrato.cli.common import EXIT_CONFIG, EXIT_FAILED, leave, note, print_json, run, settings_for_command
from retrato.cli.plan import planned, screen
from retrato.domain.errors import ConfigError
from retrato.settings import Settings
from retrato.store import migrations
from retrato.store.database import connected
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.rights import backlog_role_sql, roles_sql
from retrato.store.trial import try_writing

_NEWER = "A newer release has migrated this database, and it serves this one: there is nothing to do."


def migrate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether something is to do (exit 1).")] = False,
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
    if plan or sql:
        run(_print_plan(settings, sql=sql, as_json=as_json))
    run(_migrate(settings, check=check, as_json=as_json))


async def _print_plan(settings: Settings, *, sql: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        plan = await planned(dsn, settings)
    if as_json:
        print_json({"done": False, **asdict(plan)})
    elif not plan.steps:
        note(_NEWER)
    elif sql:
        for step in plan.steps:
            print(f"-- {step.words}{' (touches your table)' if step.touches_host else ''}\n{step.sql.strip()}\n")  # noqa: T201
    else:
        print(screen(plan))  # noqa: T201
    if sql:  # whoever runs them by hand should know
        for one in plan.obstacles:
            note(f"✗ {one}")
    return EXIT_CONFIG if plan.obstacles else 0


async def _migrate(settings: Settings, *, check: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        if check:
            return await _check(dsn, settings.host_mapping, as_json=as_json)
        mapping = settings.host_mapping
        await _require_that_avatars_fit(dsn, settings)
        steps = await migrations.apply(dsn, mapping)
    if as_json:
        print_json({"done": True, "steps": steps})
    elif not steps:
        note(_NEWER)
    else:
        for step in steps:
            note(f"✓ {step.words}")
        note("The database is up to date.")
    return 0


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


async def _check(dsn: str, mapping: HostMapping, *, as_json: bool) -> int:
    async with connected(dsn) as connection:
        missing = await migrations.what_is_missing(connection, mapping)
        stands = await migrations.standing(connection)
    if as_json:
        print_json({"up_to_date": not missing and stands.serves_us, "missing": missing, "schema": stands})
        return 0 if not missing and stands.serves_us else EXIT_FAILED
    for one in missing:
        note(f"✗ {one}")
    if missing:
        note("Run `retrato migrate`.")
        return EXIT_FAILED
    stands.require()
    note(
        "The database is up to date." if not stands.is_ahead else "The database is newer, and serves this release."
    )
    return 0
