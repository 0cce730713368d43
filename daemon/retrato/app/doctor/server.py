"""Checks of the database server, whatever is installed there."""

import time

from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.store.host import quoted

_OLDEST = 14
_SKEW_S = 5.0
_FEW_CONNECTIONS = 10
_A_REPLICAS_CONNECTIONS = 6
"""Five of the pool, and the one that listens."""


_SHORTEST_S = {"statement_timeout": 10, "transaction_timeout": 15}
_CUT_SHORT = {
    "statement_timeout": "what reads many rows (pages, the sweep, the gauges) may be cancelled",
    "transaction_timeout": "a write-back that waits for the application may be cut off",
}


async def check_server(patient: Patient) -> list[Finding]:
    """Reachable, new enough, and one that takes writes."""
    server = await patient.database.inspection.server()
    findings = [ok(f"PostgreSQL {server.version}, database {server.database}, as {server.role}")]
    if server.major < _OLDEST:
        findings.append(fail(f"PostgreSQL {server.major} is too old", f"upgrade to PostgreSQL {_OLDEST} or newer"))
    if server.is_standby:
        findings.append(
            fail(
                "this is a read replica: nothing can be written here", "point RETRATO_DATABASE_URL at the primary"
            )
        )
    elif server.is_read_only:
        findings.append(
            fail(
                "transactions are read-only here (default_transaction_read_only)",
                f"alter role {server.role} set default_transaction_read_only = off; or point RETRATO_DATABASE_URL "
                "at the primary",
            )
        )
    return findings


async def check_clock(patient: Patient) -> list[Finding]:
    """Both clocks agree: the database's decides, but signatures for storage are made with this one."""
    before_s = time.time()
    server = await patient.database.inspection.server()
    skew_s = server.now_s - (before_s + time.time()) / 2
    if abs(skew_s) > _SKEW_S:
        return [
            warn(
                f"the clocks are {abs(skew_s):.0f} s apart, the database is {'ahead' if skew_s > 0 else 'behind'}",
                "let both machines keep their time by NTP",
            )
        ]
    return [ok("the clocks agree")]


async def check_connections(patient: Patient) -> list[Finding]:
    """Room for another replica's connections."""
    left = (await patient.database.inspection.server()).connections_left
    words = f"{max(left, 0)} more connections fit"
    remedy = "raise max_connections or the role's limit, or go through a pooler"
    if left < _A_REPLICAS_CONNECTIONS:
        return [fail(f"{words}; a replica takes {_A_REPLICAS_CONNECTIONS}", remedy)]
    return [warn(words, remedy) if left < _FEW_CONNECTIONS else ok(words)]


async def check_timeouts(patient: Patient) -> list[Finding]:
    """No timeout that was set for people's requests cuts the daemon's work short."""
    inspection = patient.database.inspection
    short = {
        name: seconds
        for name, seconds in (await inspection.timeouts()).items()
        if seconds < _SHORTEST_S.get(name, 0)
    }
    role = (await inspection.server()).role if short else ""
    return [
        warn(
            f"{name} is {seconds:g} s here: {_CUT_SHORT[name]}",
            f"alter role {quoted(role)} set {name} = 0, for Retrato's role alone",
        )
        for name, seconds in short.items()
    ] or [ok("none is short")]


async def check_isolation(patient: Patient) -> list[Finding]:
    """The default isolation level is the one that everything is fastest with."""
    server = await patient.database.inspection.server()
    if server.isolation != "read committed":
        return [
            warn(
                f"transactions are {server.isolation} by default: nothing is lost, but each insert rings the bell "
                "and each write-back takes more round trips",
                "leave default_transaction_isolation at read committed, at least for Retrato's role",
            )
        ]
    return [ok("read committed")]
