"""What all commands share: settings, logs, exit codes, and where words and data go."""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, NoReturn

import structlog
import typer
from rich.console import Console
from rich.table import Table

from retrato import logs
from retrato.domain.errors import (
    ConfigError,
    ReadOnlyError,
    RetratoError,
    StoreUnavailableError,
    UnknownCommitError,
)
from retrato.settings import Settings, load, misspelt

log = structlog.get_logger()

EXIT_FAILED = 1
EXIT_UNREACHABLE = 69
EXIT_CONFIG = 78
_PIPE_WIDTH = 400


def settings_for_command() -> Settings:
    """
    Read the settings and set the logs up; leaves with 78 where a setting is wrong.

    A name that means nothing is told: with it a setting keeps its default, and nothing else would say so.
    """
    try:
        settings = load()
    except ConfigError as exc:
        leave(exc)
    log_as_set(settings)
    for name in misspelt(os.environ):
        log.warning("setting.unknown", name=name, remedy="see the settings table in the README")
    return settings


def log_as_set(settings: Settings, *, secrets: Sequence[str] = ()) -> None:
    """Log in the format and from the level on that *settings* name, and never their secrets nor *secrets*."""
    logs.configure(
        log_format=settings.log_format, level=settings.log_level, secrets=[*settings.secrets(), *secrets]
    )


def leave(error: RetratoError) -> NoReturn:
    """Say what is wrong, on stderr, and leave with the code that tells what kind of wrong it is."""
    blotted = logs.blotter().clean(str(error))
    mark = "<3>" if logs.is_journal(sys.stderr) else ""  # the priority of an error there
    print(f"{mark}retrato: {blotted}", file=sys.stderr)  # noqa: T201
    match error:
        case ConfigError() | ReadOnlyError():
            raise typer.Exit(EXIT_CONFIG)
        case UnknownCommitError():  # a script that repeats what is unreachable must not repeat this
            raise typer.Exit(EXIT_FAILED)
        case StoreUnavailableError():
            raise typer.Exit(EXIT_UNREACHABLE)
        case _:
            raise typer.Exit(EXIT_FAILED)


def run(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command's coroutine to its exit code."""
    try:
        code = asyncio.run(work)
    except RetratoError as exc:
        leave(exc)
    except BaseExceptionGroup as group:
        ours, others = group.split(RetratoError)
        if ours is None or others is not None:
            raise
        leave(first_of(ours))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code)


def first_of(group: BaseExceptionGroup[RetratoError]) -> RetratoError:
    """The first error in a group of groups."""
    one = group.exceptions[0]
    return first_of(one) if isinstance(one, BaseExceptionGroup) else one


def note(text: str) -> None:
    """A word for the person at the terminal; data go to stdout, this does not."""
    print(text, file=sys.stderr)  # noqa: T201


def print_table(table: Table) -> None:
    """*table* on stdout; as wide as the terminal, or as its content where there is none. Names are never cut."""
    table.columns[0].no_wrap = True
    for column in table.columns:
        column.overflow = "fold"
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_PIPE_WIDTH)
    console.print(table)


def span(seconds: float | None) -> str:
    """Seconds as people say them; nothing for none."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def print_json(data: Any) -> None:
    """*data* as one JSON document on stdout."""
    print(json.dumps(data, default=_jsonable, ensure_ascii=False, indent=2))  # noqa: T201


def _jsonable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
