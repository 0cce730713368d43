"""What opens the console: the token that is set, else one of the data folder's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrato.console.token_file import keep_token
from retrato.domain.errors import ConfigError
from retrato.settings import Settings, plain


@dataclass(frozen=True, slots=True)
class ConsoleToken:
    """A token, *is_generated* where none is set; without a *value* ``reason`` says why there is none."""

    value: str | None = field(default=None, repr=False)
    is_generated: bool = False
    reason: str = ""

    @property
    def secrets(self) -> list[str]:
        """What must never be seen, for the logs' filter."""
        return [self.value] if self.value is not None else []


def console_token(settings: Settings, environ: Mapping[str, str]) -> ConsoleToken:
    """
    The token of the settings, else the one in the data folder, made at the first time.

    A console that nobody can open is no reason not to draw, so that nothing is raised. In Kubernetes none is made:
    each pod would have another one, and whoever logged in at one would be a stranger to the next.
    """
    if settings.console_token is not None:
        return ConsoleToken(plain(settings.console_token))
    if "KUBERNETES_SERVICE_HOST" in environ:
        return ConsoleToken(reason="in Kubernetes none is generated, since every pod would have another one")
    try:
        return ConsoleToken(keep_token(settings.data_dir), is_generated=True)
    except ConfigError as exc:
        return ConsoleToken(reason=str(exc))
