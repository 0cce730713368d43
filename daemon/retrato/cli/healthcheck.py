"""``retrato healthcheck``: a probe for containers that have no curl."""

import urllib.error
import urllib.request

import typer

from retrato.cli.common import EXIT_FAILED, note, settings_for_command

_TIMEOUT_S = 3.0


def healthcheck() -> None:
    """Ask the daemon on this machine whether it is alive; exit code 0 or 1."""
    settings = settings_for_command()
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.console_host, settings.console_host)  # noqa: S104
    port = settings.console_port if settings.metrics_port is None else settings.metrics_port
    url = f"http://{host}:{port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            answer.read()
    except (OSError, urllib.error.URLError) as exc:
        note(f"{url} does not answer: {exc}")
        raise typer.Exit(EXIT_FAILED) from None
