"""``retrato generate``: Executar and Forçar from the terminal."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from retrato.app.address import database_address
from retrato.app.base import Base, open_base
from retrato.app.daemon import check_settings, open_daemon
from retrato.app.known import company_name, known_company, known_persona
from retrato.app.public_url import pictures_served
from retrato.app.wording import wording
from retrato.cli.common import EXIT_FAILED, note, print_json, print_table, run, settings_for_command
from retrato.cli.options import MOST_VERSIONS, EmpresaId, PersonaId
from retrato.cli.progress import Watched, give_up_without_legs, watch
from retrato.cli.signals import stop_on_signals
from retrato.domain.errors import NotFoundError
from retrato.generation.seeds import seed_for
from retrato.settings import Settings
from retrato.store.console_rows import NOBODYS
from retrato.store.control import Scope
from retrato.store.not_ready import NotReady, Reason, count_not_ready
from retrato.store.requests import Wish
from retrato.store.status import UNDER_WAY, PastOrder, PersonaStatus

_NOT_READY = {
    Reason.NAME: ("waits for a name", "wait for a name"),
    Reason.INACTIVE: ("is inactive", "are inactive"),
    Reason.PROMPT: (
        "waits for the application's prompt (RETRATO_READY_WHEN=prompt)",
        "wait for the application's prompt (RETRATO_READY_WHEN=prompt)",
    ),
}
"""What holds one, or several, back."""


def generate(
    *,
    empresa_id: EmpresaId = None,
    persona_id: PersonaId = None,
    force: Annotated[
        bool, typer.Option("--force", help="Forçar: a new avatar for everybody; old ones stay until then.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Only those that failed.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only tell what would be ordered: seed and prompt. Needs --persona-id."),
    ] = False,
    version: Annotated[
        int | None,
        typer.Option(
            "--version",
            min=1,
            max=MOST_VERSIONS,
            help="With --dry-run: this version; one that is there as it was.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report in JSON.")] = False,
) -> None:
    """
    Draw what is missing for one company (Executar), and wait for it.

    Works with or without a running daemon: what is enqueued here is drawn here and there. Ends with a report, and
    with exit code 1 when an avatar failed, or when no leg can draw for more than two minutes. Where the pictures
    have no public address, because another program has the console's port, nothing is enqueued (exit code 78).
    With --dry-run nothing is drawn; what it tells is enough to draw any version again.
    """
    if empresa_id is None and persona_id is None:
        raise typer.BadParameter("name a company with --empresa-id or a persona with --persona-id")
    if force and retry_failed:
        raise typer.BadParameter("--force and --retry-failed exclude each other")
    if version is not None and not dry_run:
        raise typer.BadParameter("--version goes with --dry-run")
    if dry_run:
        if persona_id is None:
            raise typer.BadParameter("--dry-run needs --persona-id")
        run(_foretell(settings_for_command(), persona_id, version, as_json=as_json))
    wish = Wish.ALL if force else Wish.FAILED if retry_failed else Wish.MISSING
    settings = settings_for_command()
    run(_generate(settings, empresa_id, persona_id, wish, as_json=as_json))


async def _generate(
    settings: Settings, empresa_id: str | None, persona_id: str | None, wish: Wish, *, as_json: bool
) -> int:
    check_settings(settings)
    stop, hurry = asyncio.Event(), asyncio.Event()
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base, AsyncExitStack() as stack:
            assert base is not None
            watched = await _watched(base, empresa_id, persona_id)
            name = await _title(base, watched.empresa_id)
            settings, console = await stack.enter_async_context(pictures_served(settings, base))
            if watched.persona_ids is None:
                enqueued = await base.requests.for_company(watched.empresa_id, wish)
            else:
                enqueued = await base.requests.for_personas(watched.persona_ids, wish)
            before = await _all(base, watched)
            under_way = [one.persona_id for one in before if one.state in UNDER_WAY]
            note(f"{name}: {enqueued} enqueued, {len(under_way)} under way, {len(before)} in all")
            not_ready = await _not_ready(base, watched, wish)
            _tell_not_ready(not_ready)
            await _tell_pauses(base, watched.empresa_id)
            if under_way:
                with stop_on_signals(stop, hurry):
                    async with (
                        open_daemon(
                            settings,
                            base,
                            dsn,
                            hurry=hurry,
                            console=console,
                            pages=False,
                            empresa_id=watched.empresa_id,
                        ) as daemon,
                        asyncio.TaskGroup() as group,
                    ):
                        group.create_task(daemon.run(stop))
                        group.create_task(
                            give_up_without_legs(daemon.leg_availability, base.status, watched, stop=stop)
                        )
                        await watch(base.status, watched, stop=stop, title=name)
                        stop.set()
            after = await _all(base, watched)
    return _report(after, set(under_way), not_ready, as_json=as_json)


async def _title(base: Base, empresa_id: str) -> str:
    return "without a company" if empresa_id == NOBODYS else await company_name(base, empresa_id)


async def _not_ready(base: Base, watched: Watched, wish: Wish) -> list[NotReady]:
    """Those whom the order has passed over because they are not ready."""
    return await count_not_ready(
        base.database,
        base.tables.host,
        empresa_id=watched.empresa_id,
        persona_ids=watched.persona_ids,
        with_picture=wish is Wish.ALL,
    )


def _tell_not_ready(groups: Sequence[NotReady]) -> None:
    for group in groups:
        one = group.personas == 1
        flagged = f"; {group.flagged} flagged, to be drawn as soon as that has changed" if group.flagged else ""
        note(f"{group.personas} {_NOT_READY[group.reason][0 if one else 1]}{flagged}")


async def _tell_pauses(base: Base, empresa_id: str) -> None:
    """Say why nothing will come, where somebody has paused the work."""
    for pause in await base.control.pauses():
        if (pause.scope, pause.name) in {(Scope.ALL, ""), (Scope.EMPRESA, empresa_id)}:
            option = f" --empresa-id {pause.name}" if pause.name else ""
            why = f" ({pause.reason})" if pause.reason else ""
            note(f"The work is paused{why}: nothing is begun before `retrato queue resume{option}`.")


async def _foretell(settings: Settings, persona_id: str, version: int | None, *, as_json: bool) -> int:
    """What was ordered for a version that is there, or would be for one that is not."""
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            persona_id = await known_persona(base, persona_id)
            drawn = await base.status.order_of(persona_id, version) if version is not None else None
            if drawn is None:
                drawn = await _foretold(settings, base, persona_id, version)
    if as_json:
        print_json(drawn)
    else:
        for name, value in asdict(drawn).items():
            if value is not None:
                print(f"{name}: {value}")  # noqa: T201
    return 0


async def _foretold(settings: Settings, base: Base, persona_id: str, version: int | None) -> PastOrder:
    draft = await base.personas.read(persona_id)
    if draft is None:
        raise NotFoundError(f"there is no persona with id {persona_id!r}")
    number = draft.version if version is None else version
    if number < draft.version:
        raise NotFoundError(f"version {number} of persona {persona_id} is not kept any more")
    return PastOrder(
        persona_id=persona_id,
        version=number,
        seed=seed_for(persona_id, version=number, redraw=0),
        prompt=await wording(settings, base).preview(draft.persona),
    )


async def _watched(base: Base, empresa_id: str | None, persona_id: str | None) -> Watched:
    if persona_id is None:
        assert empresa_id is not None
        return Watched(await known_company(base, empresa_id))
    of_company = await known_company(base, empresa_id) if empresa_id is not None else None
    known = await known_persona(base, persona_id, empresa_id=of_company)
    found = await base.status.personas(persona_ids=[known])
    if not found:
        raise NotFoundError(f"persona {persona_id!r} is gone")
    return Watched(found[0].empresa_id, [known])


async def _all(base: Base, watched: Watched) -> list[PersonaStatus]:
    return await base.status.personas(
        empresa_id=watched.empresa_id, persona_ids=watched.persona_ids, limit=1_000_000
    )


def _report(
    personas: list[PersonaStatus], worked_on: set[str], not_ready: Sequence[NotReady], *, as_json: bool
) -> int:
    drawn = [one for one in personas if one.persona_id in worked_on and one.state == "ready"]
    failed = [one for one in personas if one.state == "failed"]
    left = [one for one in personas if one.state in UNDER_WAY]
    if as_json:
        print_json({"drawn": drawn, "failed": failed, "left": left, "not_ready": not_ready})
    else:
        print_personas([*drawn, *failed])
        note(f"{len(drawn)} drawn, {len(failed)} failed, {len(left)} left in the queue")
    return EXIT_FAILED if failed or left else 0


def print_personas(personas: list[PersonaStatus]) -> None:
    """A table of personas with what became of each, on stdout."""
    if not personas:
        return
    table = Table("persona", "state", "provider", "seed", "time", "avatar", box=None, pad_edge=False)
    for one in personas:
        table.add_row(
            one.name or one.persona_id,
            one.state,
            one.provider or "",
            "" if one.seed is None else str(one.seed),
            "" if one.took_s is None else f"{one.took_s:.1f} s",
            (one.last_error if one.state == "failed" else one.avatar_url) or "",
        )
    print_table(table)
