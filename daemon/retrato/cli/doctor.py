"""``retrato doctor``: is everything as it should be?"""

import os
from typing import Annotated

import typer

from retrato.app.doctor.checks import CHECKS, Check, examine, must_be_done
from retrato.app.doctor.finding import Finding, Level
from retrato.cli.common import EXIT_FAILED, note, print_json, run, settings_for_command
from retrato.logs import Blotter
from retrato.settings import Settings

_WIDTH = max(map(len, CHECKS))


def _known(names: list[str] | None) -> list[str] | None:
    if unknown := [name for name in names or [] if name not in CHECKS]:
        raise typer.BadParameter(f"no such check: {', '.join(unknown)}; `retrato doctor --list-checks` tells them")
    return names


def doctor(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHECK]...", help="Only these checks; default all.", callback=_known),
    ] = None,
    *,
    list_checks: Annotated[bool, typer.Option("--list-checks", help="Tell which checks there are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """
    Look whether everything is as it should be, and say what to do where it is not.

    Changes nothing but a small object in the store, which it deletes, and never spends money. Exit code 1 when
    something must be done.
    """
    if list_checks:
        _list(as_json=as_json)
        return
    settings = settings_for_command()
    run(_doctor(settings, names or list(CHECKS), as_json=as_json))


async def _doctor(settings: Settings, names: list[str], *, as_json: bool) -> int:
    blotter = Blotter(settings.secrets())
    seen: list[tuple[Check, Finding]] = []
    async for check, findings in examine(settings, os.environ, names):
        for finding in findings:
            clean = Finding(
                finding.level,
                blotter.clean(finding.words),
                blotter.clean(finding.remedy) if finding.remedy else None,
            )
            seen.append((check, clean))
            if not as_json:
                _print(check, clean)
    failed = must_be_done([finding for _, finding in seen])
    if as_json:
        print_json(
            {
                "ready": not failed,
                "findings": [
                    {"id": check.id, "level": one.level, "words": one.words, "remedy": one.remedy}
                    for check, one in seen
                ],
            }
        )
    else:
        note(_conclusion([finding for _, finding in seen]))
    return EXIT_FAILED if failed else 0


def _print(check: Check, finding: Finding) -> None:
    print(f"{finding.level:<4}  {check.id:<{_WIDTH}}  {finding.words}")  # noqa: T201
    if finding.remedy:
        print(f"{'':<{_WIDTH + 8}}→ {finding.remedy}")  # noqa: T201


def _conclusion(findings: list[Finding]) -> str:
    failed = must_be_done(findings)
    warned = sum(finding.level is Level.WARN for finding in findings)
    worth_a_look = f"{warned} worth a look" if warned else ""
    if failed:
        return f"\n{failed} to be done" + (f", {worth_a_look}." if warned else ".")
    return "\nReady" + (f"; {worth_a_look}." if warned else ".")


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json({"checks": [{"id": check.id, "looks_at": check.looks_at} for check in CHECKS.values()]})
        return
    for check in CHECKS.values():
        print(f"{check.id:<{_WIDTH}}  {check.looks_at}")  # noqa: T201
