"""``retrato queue pause|resume|cancel|retry``: what an operator says to all replicas at once."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from retrato.app.address import database_address
from retrato.app.base import Base, open_base
from retrato.app.known import known_company, known_persona, known_scope
from retrato.cli.common import note, run, settings_for_command
from retrato.cli.options import EmpresaId, PersonaId, not_empty
from retrato.settings import Settings
from retrato.store.control import Scope
from retrato.store.requests import Wish

queue = typer.Typer(no_args_is_help=True, help="Pause, resume, cancel or retry: for all replicas, at once.")

_UNTOUCHED = {
    Scope.ALL: "was not paused as a whole",
    Scope.EMPRESA: "was not paused",
    Scope.LEG: "was neither paused nor suspended",
}

_Work = Callable[[Base, Settings], Awaitable[None]]


Leg = Annotated[
    str | None,
    typer.Option(
        "--leg", callback=not_empty, help="Only this leg (huggingface/fal-ai) or provider (huggingface)."
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Everything there is.")]


@queue.command()
def pause(
    *,
    empresa_id: EmpresaId = None,
    leg: Leg = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Shown by `retrato status`.")] = None,
) -> None:
    """
    Begin nothing new: everywhere, for one company, or on one leg. Stays so until `retrato queue resume`.

    Calls under way are finished and their pictures written. What is asked for meanwhile waits in the queue.
    """
    scope, name = _scope(empresa_id, leg)

    async def work(base: Base, settings: Settings) -> None:
        known = await known_scope(base, settings, scope, name)
        news = await base.control.pause(scope, known, reason=reason)
        note(f"{_what(scope, known)} {'is paused now' if news else 'was paused already'}")

    _with_base(work)


@queue.command()
def resume(*, empresa_id: EmpresaId = None, leg: Leg = None) -> None:
    """
    Go on where it was paused; name the same company or leg as there.

    A leg that faults have suspended (`retrato status` tells why) is asked again at once, too, with every key: say
    so when the cause is mended. The jobs that wait for it come now; those that wait for something else do not.
    """
    scope, name = _scope(empresa_id, leg)

    async def work(base: Base, settings: Settings) -> None:
        known = await known_scope(base, settings, scope, name)
        news = await base.control.resume(scope, known)
        note(f"{_what(scope, known)} {'goes on' if news else _UNTOUCHED[scope]}")
        for pause in await base.control.pauses():
            note(f"still paused: {_what(Scope(pause.scope), pause.name)}")

    _with_base(work)


@queue.command(short_help="Give up what waits or runs: one persona, one company, or all.")
def cancel(*, empresa_id: EmpresaId = None, persona_id: PersonaId = None, everything: Everything = False) -> None:
    """
    Give up what waits or runs: for one persona, for one company, or all.

    Avatars that are there stay. Who has none counts as failed, until Executar or Forçar asks again.
    """
    _exactly_one(empresa_id, persona_id, everything=everything)

    async def work(base: Base, _settings: Settings) -> None:
        if persona_id is not None:
            cancelled = await base.control.cancel_personas([await known_persona(base, persona_id)])
        else:
            company = await known_company(base, empresa_id) if empresa_id is not None else None
            cancelled = await base.control.cancel_company(company)
        note(f"{cancelled} cancelled")

    _with_base(work)


@queue.command()
def retry(*, empresa_id: EmpresaId = None, persona_id: PersonaId = None, everything: Everything = False) -> None:
    """Queue once more what has failed: one persona, one company, or all."""
    _exactly_one(empresa_id, persona_id, everything=everything)

    async def work(base: Base, _settings: Settings) -> None:
        if persona_id is not None:
            queued = await base.requests.for_personas([await known_persona(base, persona_id)], Wish.FAILED)
        else:
            if empresa_id is not None:
                companies = [await known_company(base, empresa_id)]
            else:
                companies = await base.status.failed_companies()
            queued = sum([await base.requests.for_company(one, Wish.FAILED) for one in companies])
        note(f"{queued} queued")

    _with_base(work)


def _scope(empresa_id: str | None, leg: str | None) -> tuple[Scope, str]:
    if empresa_id is not None and leg is not None:
        raise typer.BadParameter("--empresa-id and --leg exclude each other")
    if empresa_id is not None:
        return Scope.EMPRESA, empresa_id
    return (Scope.ALL, "") if leg is None else (Scope.LEG, leg)


def _what(scope: Scope, name: str) -> str:
    return {Scope.ALL: "everything", Scope.EMPRESA: f"company {name}", Scope.LEG: f"leg {name}"}[scope]


def _exactly_one(empresa_id: str | None, persona_id: str | None, *, everything: bool) -> None:
    if (empresa_id is not None) + (persona_id is not None) + everything != 1:
        raise typer.BadParameter("name one of --persona-id, --empresa-id and --all")


def _with_base(work: _Work) -> None:
    run(_work(settings_for_command(), work))


async def _work(settings: Settings, work: _Work) -> int:
    with database_address(settings) as dsn:
        async with open_base(settings, dsn) as base:
            assert base is not None
            await work(base, settings)
    return 0
