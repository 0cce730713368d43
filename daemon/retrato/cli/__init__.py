"""The commands, one file each."""

from typing import Annotated

import typer

from retrato.cli.console import console
from retrato.cli.demo import demo
from retrato.cli.doctor import doctor
from retrato.cli.gc import gc
from retrato.cli.generate import generate
from retrato.cli.healthcheck import healthcheck
from retrato.cli.migrate import migrate
from retrato.cli.providers import providers
from retrato.cli.queue import queue
from retrato.cli.readdress import readdress
from retrato.cli.restore import restore
from retrato.cli.run import run
from retrato.cli.simulate import simulate
from retrato.cli.status import status
from retrato.cli.uninstall import uninstall
from retrato.version import VERSION

app = typer.Typer(
    name="retrato",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Gives every persona in a Postgres database a face.\n\n"
        "First time here: `retrato demo` shows it with a database and providers of its own. "
        "Then set RETRATO_DATABASE_URL, run `retrato migrate` once, and keep `retrato run` running."
    ),
)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer's callback
    if asked:
        print(VERSION)  # noqa: T201
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


for command, in_a_line in (
    (migrate, "Create or upgrade schema retrato, triggers and flag."),
    (run, "The daemon: draw what is queued, until told to stop."),
    (generate, "Draw what is missing for one company, and wait for it."),
    (status, "Who stands where, what is closed and why, who lives."),
    (restore, "Bring an old version back, as the newest one."),
    (readdress, "Rewrite addresses after RETRATO_PUBLIC_URL changed."),
    (console, "Print the link that logs in to the console."),
    (providers, "Compare the legs: measured time, success, price."),
    (doctor, "Look whether everything is as it should be."),
    (demo, "Show all of it, with a Postgres and providers of its own."),
    (simulate, "Run image providers that answer as the real ones do."),
    (gc, "Remove stored pictures that no version names."),
    (healthcheck, "Ask the daemon on this machine whether it is alive."),
    (uninstall, "Drop triggers and schema; rows and pictures stay."),
):
    app.command(short_help=in_a_line)(command)
app.add_typer(queue, name="queue")
