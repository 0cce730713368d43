"""Checks of what others could read or open: files with secrets, and the console."""

from collections.abc import Mapping
from pathlib import Path

from retrato.app.address import surroundings
from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.console.gate import House
from retrato.console.keyring import is_weak
from retrato.console.token_file import read_token
from retrato.domain.errors import ConfigError
from retrato.settings import plain, secret_files


async def check_credentials(patient: Patient) -> list[Finding]:
    """Nobody else on this machine can read the files of the secrets directories."""
    files = secret_files(patient.environ)
    exposed = [path for path in files if not _is_mounted_for_us(path, patient.environ) and _is_exposed(path)]
    return [warn(f"{path} can be read by others on this machine", f"chmod 600 {path}") for path in exposed] or [
        ok(f"{len(files)} files with secrets" if files else "no setting comes from a secrets directory")
    ]


async def check_console(patient: Patient) -> list[Finding]:
    """Nobody gets into the console who should not."""
    settings = patient.settings
    host, token = settings.console_host, plain(settings.console_token)
    if token is None:
        if "KUBERNETES_SERVICE_HOST" in patient.environ:
            return [
                warn(
                    "there is no token: pages and API are refused",
                    "put RETRATO_CONSOLE_TOKEN into the Secret",
                )
            ]
        try:
            read_token(settings.data_dir)
        except ConfigError as exc:
            return [fail(f"pages and API are refused: {exc}", f"look at {settings.data_dir}")]
    if House(host).is_private:
        return [ok(f"only this machine reaches the console on {host}, with a token")]
    if token is not None and is_weak(token):
        return [
            fail(
                f"others can reach the console on {host}, and its token can be guessed: who gets in spends money",
                "set RETRATO_CONSOLE_TOKEN to what `openssl rand -hex 32` prints",
            )
        ]
    if not (settings.public_url or "").startswith("https:"):
        return [
            warn(
                f"the console on {host} speaks plain http: on the way there the token can be read",
                "let a proxy with TLS stand before it, and set RETRATO_PUBLIC_URL to its https address",
            )
        ]
    return [ok(f"others can reach the console on {host}, with a token")]


def _is_mounted_for_us(path: Path, environ: Mapping[str, str]) -> bool:
    """
    Whether the file is in a mount of this service alone, whatever its mode says.

    systemd's credentials are 0440 where an ACL lets the service's user read them; the secrets of Kubernetes and
    Docker are 0644 and 0444, in a file system that only the container has.
    """
    if surroundings(environ) == "in a container":
        return True
    return "INVOCATION_ID" in environ and environ.get("CREDENTIALS_DIRECTORY") == str(path.parent)


def _is_exposed(path: Path) -> bool:
    """Whether group or others may read the file, and may enter its folder."""
    may_enter = path.parent.stat().st_mode & 0o011
    return bool(path.stat().st_mode & 0o044 & (may_enter << 2))
