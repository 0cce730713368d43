"""``retrato migrate``: bring the database to this release's state."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.cli.common import EXIT_FAILED, leave, note, print_json, run, settings_for_command
from retrato.domain.errors import ConfigError
from retrato.settings import Settings
from retrato.store import migrations
from retrato.store.database import connected
from retrato.store.host import Host
from retrato.store.mapping import INACTIVE, READ, WRITTEN, HostMapping
from retrato.store.rights import backlog_role_sql, roles_sql


def migrate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether something is to do (exit 1).")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be done, and do nothing.")] = False,
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
    run(_migrate(settings, check=check, plan=plan, as_json=as_json))


async def _migrate(settings: Settings, *, check: bool, plan: bool, as_json: bool) -> int:
    with database_address(settings) as dsn:
        if check:
            return await _check(dsn, settings.host_mapping, as_json=as_json)
        mapping = settings.host_mapping
        steps = await _planned(dsn, mapping) if plan else await migrations.apply(dsn, mapping)
    if as_json:
        print_json({"done": not plan, "steps": steps})
    elif not steps:
        note("A newer release has migrated this database, and it serves this one: there is nothing to do.")
    elif plan:
        for step in steps:
            print(f"-- {step.words}{' (touches your table)' if step.touches_host else ''}\n{step.sql.strip()}\n")  # noqa: T201
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


async def _planned(dsn: str, mapping: HostMapping) -> list[migrations.Step]:
    async with connected(dsn) as connection:
        steps = await migrations.plan(connection, mapping)
        for line in _found(await Host.read(connection, mapping)):
            note(line)
        return steps


def _found(host: Host) -> list[str]:
    """Which tables there are, and which of their columns are read and written."""
    tables = [table.name for table in (host.personas, host.avatares, host.empresas) if table is not None]
    read = {name: [*host.fields(name), *host.avatares_fields(name)] for name in READ}
    out_of_use = {name: host.inactive_columns(name) for name in INACTIVE}
    written = {name: host.outputs(name) for name in WRITTEN}
    return [
        f"Found {', '.join(tables)} (generation {host.generation}; docs/adopting.md).",
        f"Reads {_columns(read)}.",
        f"Writes an avatar into {host.personas.name}: {_columns(written) or 'nothing'}"
        + (f"; and into {host.avatares.name}." if host.avatares is not None else "."),
        f"Leaves out rows that are out of use by {_columns(out_of_use) or 'nothing: no column tells'}.",
    ]


def _columns(fields: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(
        f"{name} ({', '.join(dict.fromkeys(columns))})" for name, columns in fields.items() if columns
    )


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
