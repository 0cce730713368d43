"""Checks of the settings and of where the process runs."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from retrato.app.doctor.finding import Finding, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.domain.redaction import MARK, address_without_secrets
from retrato.logs import Blotter
from retrato.notify import watchdog_interval_s
from retrato.settings import Settings, misspelt, origins


async def check_settings(patient: Patient) -> list[Finding]:
    """Every value that is set, and where it comes from; keys and passwords masked."""
    return [
        ok(f"{_variable(name)} = {_shown(patient.settings, name)} ({place})") for name, place in origins().items()
    ] or [ok("every setting has its default")]


async def check_names(patient: Patient) -> list[Finding]:
    """Names that begin like ours and mean nothing."""
    unknown = misspelt(patient.environ)
    return [
        warn(
            f"{name} is no setting of this release", "correct it by the settings table in the README, or remove it"
        )
        for name in unknown
    ] or [ok("no unknown names")]


async def check_surroundings(patient: Patient) -> list[Finding]:
    """Where the process runs, and what does not suit that place."""
    environ, settings = patient.environ, patient.settings
    if "KUBERNETES_SERVICE_HOST" in environ and settings.storage_url_or_default.startswith("file:"):
        return [
            warn(
                "in Kubernetes, with pictures in a folder: the replicas do not see each other's, and without a "
                "volume they go with the pod",
                "set RETRATO_STORAGE_URL to a bucket (s3://bucket/prefix), or mount one volume into all pods",
            )
        ]
    if "KUBERNETES_SERVICE_HOST" in environ:
        return [ok("in Kubernetes")]
    if "INVOCATION_ID" in environ or "CREDENTIALS_DIRECTORY" in environ:
        return [_systemd(environ)]
    return [ok("neither under systemd nor in Kubernetes")]


def _systemd(environ: Mapping[str, str]) -> Finding:
    told = ["under systemd"]
    if credentials := environ.get("CREDENTIALS_DIRECTORY"):
        if not Path(credentials).is_dir():
            return warn(
                f"under systemd, and the credentials' directory {credentials} cannot be read",
                "look whether LoadCredential= of the unit is accepted: `systemctl status retrato`",
            )
        told.append(f"{len(list(Path(credentials).iterdir()))} credentials in {credentials}")
    if (watchdog_s := watchdog_interval_s(environ)) is not None:
        told.append(f"a watchdog that waits {watchdog_s:g} s")
    return ok(", ".join(told))


def _variable(name: str) -> str:
    return f"[{name}]" if name == "host" else f"RETRATO_{name.upper()}"


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return address_without_secrets(value.get_secret_value()) if name.endswith("_url") else MARK
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return Blotter(()).clean(str(value))
