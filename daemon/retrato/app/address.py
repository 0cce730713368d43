"""Where the database is: the settings', or an embedded one's."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from retrato.domain.errors import ConfigError
from retrato.embedded.server import EmbeddedPostgres
from retrato.settings import Settings

log = structlog.get_logger()


@contextmanager
def database_address(settings: Settings) -> Iterator[str]:
    """
    The database's address; where none is set, that of an embedded Postgres, which lives as long as this block.

    Raises:
        ConfigError: none is set where an embedded one would be a surprise: under systemd or in a container.

    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    place = surroundings(os.environ)
    if place and not settings.embedded:
        raise ConfigError(
            f"RETRATO_DATABASE_URL is not set, and this process runs {place}: set it to the application's "
            "database, or set RETRATO_EMBEDDED=true to use a Postgres of our own"
        )
    with EmbeddedPostgres(settings.data_dir) as server:
        log.info(
            "embedded.started" if server.owned else "embedded.found",
            data_dir=str(settings.data_dir),
            reason="RETRATO_DATABASE_URL is not set",
        )
        yield server.dsn


def surroundings(environ: Mapping[str, str]) -> str | None:
    """Who runs this process, in words: ``under systemd``, ``in a container``, or None for a person."""
    if "INVOCATION_ID" in environ:
        return "under systemd"
    if "KUBERNETES_SERVICE_HOST" in environ or "container" in environ:
        return "in a container"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "in a container"
    return None
