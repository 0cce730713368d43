"""Checks of the work itself: who does it, and what holds it up."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from retrato.app.doctor.finding import Finding, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.app.health import health
from retrato.console.whereabouts import bind, url_of
from retrato.store.control import Scope
from retrato.store.status import ReplicaStatus, mixed_since
from retrato.version import VERSION

_UPGRADE_WITHIN = timedelta(hours=1)
"""So long replicas of two releases are nothing to worry about."""
_ANSWER_WITHIN_S = 3.0
_OPTIONS = {Scope.ALL: "", Scope.EMPRESA: " --empresa-id {}", Scope.LEG: " --leg {}"}


async def check_port(patient: Patient) -> list[Finding]:
    """The daemon's ports are free, or a daemon of ours has them."""
    settings = patient.settings
    ports = {"RETRATO_CONSOLE_PORT": settings.console_port}
    if settings.metrics_port is not None:
        ports["RETRATO_METRICS_PORT"] = settings.metrics_port
    probed = settings.console_port if settings.metrics_port is None else settings.metrics_port
    return [await _port(name, settings.console_host, port, probed=probed) for name, port in ports.items()]


async def _port(name: str, host: str, port: int, *, probed: int) -> Finding:
    """Whether *port* can be had; a daemon that has it answers on the port *probed*."""
    if port == 0:
        return ok(f"{name}: any free port is taken")
    try:
        await asyncio.to_thread(bind, host, port)
    except OSError as exc:
        if await asyncio.to_thread(_is_ours, url_of(host, probed)):
            return ok(f"port {port}: a daemon answers")
        return warn(
            f"{host}:{port} cannot be listened on ({exc.strerror or exc}): the daemon would work without it",
            f"free the port, or set {name}",
        )
    return ok(f"port {port} is free")


async def check_replicas(patient: Patient) -> list[Finding]:
    """Somebody works, all with one release, and their death would be noticed at once."""
    seen_within_s = max(30.0, 2 * patient.settings.poll_seconds)
    replicas = await patient.database.status.replicas(seen_within_s=seen_within_s)
    if not replicas:
        return [warn("no replica is running: nothing is drawn", "start one with `retrato run`")]
    findings = [ok(f"{len(replicas)} alive")]
    findings += _releases(replicas)
    if deaf := [replica for replica in replicas if not replica.locks]:
        findings.append(
            warn(
                f"{len(deaf)} of them hold no lock: they may be deaf, and their death would be noticed late",
                "see the check `listen` with their settings",
            )
        )
    return findings


def _releases(replicas: Sequence[ReplicaStatus]) -> list[Finding]:
    """What is to be said of the releases that run: for the length of an upgrade there are two."""
    releases = ", ".join(sorted({replica.version for replica in replicas}))
    since = mixed_since(replicas)
    if since is not None and datetime.now(UTC) - since < _UPGRADE_WITHIN:
        return [ok(f"an upgrade is under way: {releases}")]
    if since is not None:
        remedy = "finish the upgrade, or go back: bring all to one release"
        return [warn(f"replicas of several releases run since {since:%Y-%m-%d %H:%M} UTC: {releases}", remedy)]
    if releases != VERSION:
        return [warn(f"replicas of another release are running: {releases}", "bring all to one release")]
    return []


async def check_paused(patient: Patient) -> list[Finding]:
    """Nothing is paused and forgotten."""
    return [
        warn(
            f"{pause.name or 'everything'} is paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC"
            + (f": {pause.reason}" if pause.reason else ""),
            f"`retrato queue resume{_OPTIONS[Scope(pause.scope)].format(pause.name)}` when the reason is gone",
        )
        for pause in await patient.database.control.pauses()
    ] or [ok("nothing is paused")]


async def check_failed(patient: Patient) -> list[Finding]:
    """Nobody is given up."""
    counts = await patient.database.status.counts()
    failed = sum(states.get("failed", 0) for states in counts.values())
    if failed:
        return [
            warn(
                f"{failed} personas have failed",
                "see why: select name, last_error from retrato.persona_status where state = 'failed'; then "
                "`retrato queue retry --all`",
            )
        ]
    return [ok("nobody has failed")]


async def check_ready(patient: Patient) -> list[Finding]:
    """RETRATO_READY_WHEN fits what the application does with its columns for ready prompts."""
    prompts = await patient.database.inspection.ready_prompts(patient.host)
    told = patient.settings.ready_when
    if prompts is None:
        return [ok("no column could hold a prompt of the application's: a name is enough")]
    if not prompts.personas or prompts.fits == told:
        return [ok(str(prompts) if prompts.personas else "there are no personas yet")]
    return [
        warn(f"RETRATO_READY_WHEN is {told}, but {prompts}", f"set RETRATO_READY_WHEN={prompts.fits}, and migrate")
    ]


def _is_ours(url: str) -> bool:
    try:
        return bool(health(url, timeout_s=_ANSWER_WITHIN_S) == {"status": "alive"})
    except (OSError, ValueError):
        return False
