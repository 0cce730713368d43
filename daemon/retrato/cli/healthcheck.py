"""``retrato healthcheck``: a probe for containers that have no curl."""

import typer

from retrato.app.health import health
from retrato.cli.common import EXIT_FAILED, note, settings_for_command
from retrato.console.whereabouts import url_of

_TIMEOUT_S = 3.0


def healthcheck() -> None:
    """Ask the daemon on this machine whether it is alive; exit code 0 or 1."""
    settings = settings_for_command()
    port = settings.console_port if settings.metrics_port is None else settings.metrics_port
    url = url_of(settings.console_host, port)
    try:
        answer = health(url, timeout_s=_TIMEOUT_S)
    except (OSError, ValueError) as exc:
        note(f"no daemon answers at {url}: {exc}")
        raise typer.Exit(EXIT_FAILED) from None
    if answer != {"status": "alive"}:
        note(f"the daemon at {url} says: {answer}")
        raise typer.Exit(EXIT_FAILED)
