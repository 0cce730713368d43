"""All checks, in the order in which they are made, and the making."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from retrato.app.doctor import configuration, hearing, installation, providers, secrecy, server, storage, work
from retrato.app.doctor.finding import Finding, Level, fail, skip, unexpected
from retrato.app.doctor.patient import Patient, Reached, open_patient
from retrato.domain.errors import RetratoError, StoreUnavailableError
from retrato.settings import Settings

_LONGEST_S = 60.0


class Needs(IntEnum):
    """What must be there before a check can be made."""

    NOTHING = 0
    DATABASE = 1
    INSTALLATION = 2


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, what it looks at in a sentence, and what it needs."""

    id: str
    looks_at: str
    make: Callable[[Patient], Awaitable[list[Finding]]]
    needs: Needs = Needs.NOTHING


_CHECKS = (
    ("settings", configuration.check_settings, Needs.NOTHING),
    ("unknown-names", configuration.check_names, Needs.NOTHING),
    ("surroundings", configuration.check_surroundings, Needs.NOTHING),
    ("credentials", secrecy.check_credentials, Needs.NOTHING),
    ("console", secrecy.check_console, Needs.NOTHING),
    ("database", server.check_server, Needs.DATABASE),
    ("clock", server.check_clock, Needs.DATABASE),
    ("connections", server.check_connections, Needs.DATABASE),
    ("isolation", server.check_isolation, Needs.DATABASE),
    ("timeouts", server.check_timeouts, Needs.DATABASE),
    ("migrated", installation.check_migrated, Needs.DATABASE),
    ("triggers", installation.check_triggers, Needs.INSTALLATION),
    ("rights", installation.check_rights, Needs.INSTALLATION),
    ("writing", installation.check_writing, Needs.INSTALLATION),
    ("row-security", installation.check_row_security, Needs.INSTALLATION),
    ("strangers", installation.check_strangers, Needs.INSTALLATION),
    ("listen", hearing.check_listen, Needs.DATABASE),
    ("prepared-statements", hearing.check_prepared_statements, Needs.DATABASE),
    ("storage", storage.check_storage, Needs.NOTHING),
    ("pictures", storage.check_owner, Needs.INSTALLATION),
    ("public-url", storage.check_public_url, Needs.NOTHING),
    ("addresses", storage.check_addresses, Needs.INSTALLATION),
    ("disk", storage.check_disk, Needs.NOTHING),
    ("port", work.check_port, Needs.NOTHING),
    ("replicas", work.check_replicas, Needs.INSTALLATION),
    ("paused", work.check_paused, Needs.INSTALLATION),
    ("ready-when", work.check_ready, Needs.INSTALLATION),
    ("failed", work.check_failed, Needs.INSTALLATION),
    ("budget", providers.check_budget, Needs.INSTALLATION),
    ("legs", providers.check_legs, Needs.INSTALLATION),
    ("providers", providers.check_providers, Needs.NOTHING),
    ("keys", providers.check_keys, Needs.NOTHING),
    ("models", providers.check_models, Needs.NOTHING),
)
CHECKS: Mapping[str, Check] = {
    name: Check(name, (make.__doc__ or "").strip(), make, needs) for name, make, needs in _CHECKS
}
"""By id; those that ask others over the network come last."""


async def examine(
    settings: Settings, environ: Mapping[str, str], names: Sequence[str]
) -> AsyncIterator[tuple[Check, list[Finding]]]:
    """Make the named checks in the given order; each comes out as soon as it is made, with one finding or more."""
    chosen = [CHECKS[name] for name in names]
    needs_database = any(check.needs >= Needs.DATABASE for check in chosen)
    async with open_patient(settings, environ, needs_database=needs_database) as patient:
        for check in chosen:
            yield check, await _made(check, patient)


async def _made(check: Check, patient: Patient) -> list[Finding]:
    """The findings of *check*; whatever it raises is one, and says what was raised."""
    if check.needs >= Needs.DATABASE and not isinstance(patient.reached, Reached):
        if check.make is server.check_server:
            is_away = isinstance(patient.reached, StoreUnavailableError)
            return [
                fail(
                    str(patient.reached),
                    "set RETRATO_DATABASE_URL to a database that answers" if is_away else None,
                )
            ]
        return [skip("not looked at: the database cannot be asked")]
    if check.needs >= Needs.INSTALLATION and patient.database.host is None:
        return [skip("not looked at: not migrated")]
    try:
        async with asyncio.timeout(_LONGEST_S):
            return await check.make(patient)
    except TimeoutError:
        return [fail(f"no answer within {_LONGEST_S:g} s")]
    except Exception as exc:  # noqa: BLE001 - the other checks are made all the same
        return [fail(str(exc) if isinstance(exc, RetratoError) else unexpected(exc))]


def must_be_done(findings: Sequence[Finding]) -> int:
    """How many of them say that something must be done."""
    return sum(finding.level is Level.FAIL for finding in findings)
