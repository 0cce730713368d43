"""Checks of the way that hints take: do they really arrive, and what stands in between?"""

from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.domain.errors import RetratoError
from retrato.settings import plain
from retrato.store.database import Database
from retrato.store.inspection import Inspection
from retrato.store.listening import ListenConnection

_ECHO_WITHIN_S = 3.0
_SETTING = "RETRATO_LISTEN_DATABASE_URL"
_DIRECT = f"set {_SETTING} to a direct connection to the primary (not through a transaction pooler)"


async def check_listen(patient: Patient) -> list[Finding]:
    """A word said where the application writes comes back where the daemon listens."""
    listen_url = plain(patient.settings.listen_database_url)
    dsn = patient.database.dsn
    if await _is_standby(listen_url or dsn):
        return [
            fail(f"hints cannot be heard: {_named(listen_url)} leads to a read replica, which has none", _DIRECT)
        ]
    if await _hears(listen_url or dsn, ring_at=dsn):
        return [ok("a word to ourselves came back")]
    if listen_url is not None and await _hears(listen_url, ring_at=listen_url):
        return [
            fail(
                f"hints do not arrive: {_SETTING} leads to another database than RETRATO_DATABASE_URL",
                f"let both name the same server and database in {_SETTING}",
            )
        ]
    return [
        fail(
            f"hints do not arrive: {_named(listen_url)} most likely goes through a pooler in transaction mode. "
            "New work is found by looking every 5 s, and a dead replica is noticed late",
            _DIRECT,
        )
    ]


async def check_prepared_statements(patient: Patient) -> list[Finding]:
    """Prepared statements are kept only where a session stays ours."""
    kept = patient.settings.statement_cache_size
    if kept and not await _hears(patient.database.dsn, ring_at=patient.database.dsn):
        return [
            warn(
                f"RETRATO_DATABASE_URL most likely goes through a pooler in transaction mode, and {kept} prepared "
                "statements are kept per connection: not every pooler knows them again",
                "set RETRATO_STATEMENT_CACHE_SIZE=0, unless your pooler keeps prepared statements (PgBouncer from "
                "1.21 with max_prepared_statements)",
            )
        ]
    return [ok(f"{kept or 'no'} prepared statements are kept")]


def _named(listen_url: str | None) -> str:
    return _SETTING if listen_url is not None else "RETRATO_DATABASE_URL"


async def _is_standby(dsn: str) -> bool:
    database = Database(dsn, size=1, statement_cache_size=0)
    try:
        await database.open()
        return (await Inspection(database).server()).is_standby
    finally:
        await database.close()


async def _hears(dsn: str, *, ring_at: str) -> bool:
    connection = ListenConnection(dsn, lock_key=0, on_hint=lambda: None, on_end=lambda: None)
    try:
        await connection.open()
        return await connection.hears(ring_at=ring_at, timeout_s=_ECHO_WITHIN_S)
    except RetratoError:
        return False
    finally:
        await connection.close()
