"""``retrato console``: the link that logs in."""

import html
import os
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from retrato.app.console_token import console_token
from retrato.app.health import health
from retrato.cli.common import EXIT_FAILED, leave, note, settings_for_command
from retrato.console.whereabouts import login_link, url_of
from retrato.domain.errors import ConfigError

_TIMEOUT_S = 3.0
_UNTIL_IT_IS_READ_S = 10.0


def console(
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in this machine's browser too.")] = False,
) -> None:
    """
    Print the link that logs a browser of this machine in to the console.

    Who has it may order pictures: it bears RETRATO_CONSOLE_TOKEN or, where that is not set, the token in the data
    folder. Exit code 1 when there is none; that no daemon answers is told, and the link printed all the same.
    """
    settings = settings_for_command()
    token = console_token(settings, os.environ)
    if token.value is None:
        note(f"retrato: nobody can log in to the console: {token.reason}; set RETRATO_CONSOLE_TOKEN")
        raise typer.Exit(EXIT_FAILED)
    if settings.console_port == 0:
        leave(ConfigError("RETRATO_CONSOLE_PORT is 0, any free one: the daemon's log names it (console.started)"))
    url = url_of(settings.console_host, settings.console_port)
    link = login_link(url, token.value)
    _warn_if_nobody_answers(url, settings.metrics_port)
    print(link)  # noqa: T201
    if open_it:
        open_in_browser(link, settings.data_dir)


def open_in_browser(link: str, folder: Path, *, wait_s: float = _UNTIL_IT_IS_READ_S) -> None:
    """
    Open *link* in the browser by way of a page in *folder*, which is removed *wait_s* seconds later.

    Everybody on this machine sees the arguments of a program: the link does not stand among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix="console-", suffix=".html", dir=folder.absolute())  # 0600
    path = Path(name)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as page:
            page.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(link)}">\n')
        if webbrowser.open(path.as_uri()):
            time.sleep(wait_s)
        else:
            note("no browser was found on this machine: open the link yourself")
    finally:
        path.unlink(missing_ok=True)


def _warn_if_nobody_answers(url: str, metrics_port: int | None) -> None:
    try:
        if metrics_port is None:
            health(url, timeout_s=_TIMEOUT_S)
    except (OSError, ValueError) as exc:
        note(f"no daemon answers at {url}: {exc}")
