"""
Whether the application's tables would take an avatar, found out before one is paid for.

First what the catalogue tells. Then an avatar is written as the write-back does it, into a row that is there, and
rolled back: constraints, rights, policies and the application's own triggers have their say. Nothing rings, since
a NOTIFY that is rolled back is none; a trigger of the application that acts outside the database acts here too.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from retrato.store.database import Connection
from retrato.store.host import Host, quoted
from retrato.store.host_writes import address_columns, host_writes, touched
from retrato.store.mapping import FLAG, WRITTEN

Addresses = Callable[[str, str], tuple[str, str]]
"""Company and persona → the addresses that a picture and its thumbnail of theirs would get."""

_AN_ID = "00000000-0000-4000-8000-000000000000"
_PATIENCE = "set local lock_timeout = '400ms'; set local statement_timeout = '5s'"
_METADATA = {"flux_generation": {"model": "trial", "version": 1, "ai_generated": True}}
_MINE = """
with mine as materialized (
    select
        $1::text as persona_id, $2::text as image_url, $3::text as thumbnail_url, $2::text as image_key,
        $3::text as thumbnail_key, 'huggingface_FLUX.1-dev'::text as service, 1::bigint as seed,
        'A portrait'::text as prompt, 1::integer as version, $4::jsonb as metadados, false as asked_again
)"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What stands against an avatar, in words; and whether one was written and rolled back."""

    obstacles: list[str]
    was_written: bool


async def try_writing(connection: Connection, host: Host, addresses: Addresses) -> Trial:
    """Look, and try; in a transaction of its own, of which nothing stays. A busy table is not tried."""
    known = _known(host, addresses(_AN_ID, _AN_ID))
    if known:
        return Trial(known, was_written=False)
    transaction = connection.transaction(isolation="read_committed")
    await transaction.start()
    try:
        await connection.execute(_PATIENCE)
        return Trial([], was_written=await _write(connection, host, addresses))
    except (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        return Trial([], was_written=False)
    except asyncpg.ReadOnlySQLTransactionError:
        raise
    except asyncpg.PostgresError as exc:
        return Trial([f"the application's tables do not take an avatar: {_said(exc)}"], was_written=False)
    finally:
        if not connection.is_closed():
            await transaction.rollback()


async def _write(connection: Connection, host: Host, addresses: Addresses) -> bool:
    """Write into a row that has one among the avatars and into one that has none; False where nobody is there."""
    sql = f"{_MINE}{host_writes(host, lowers_flag=host.personas.has(FLAG))}\nselect from mine"
    # What the database says of the statement itself it says without a row, too.
    statement = await connection.prepare(sql)
    tried = False
    for question in _some_personas(host):
        persona_id = await connection.fetchval(question)
        if persona_id is not None:
            await statement.fetch(persona_id, *addresses(_AN_ID, persona_id), json.dumps(_METADATA))
            tried = True
    await connection.execute("set constraints all immediate")
    return tried


def _some_personas(host: Host) -> list[str]:
    """Statements that lock a persona that nobody else holds: with a row among the avatars, and without."""
    anybody = f"select p.{quoted(host.id_column)}::text from {host.personas.name} p"
    lock = "limit 1 for no key update of p skip locked"
    if host.avatares is None or host.avatares_key is None:
        return [f"{anybody} {lock}"]
    row = f"(select from {host.avatares.name} pa where {host.of_persona('p')})"
    return [f"{anybody} where exists {row} {lock}", f"{anybody} where not exists {row} {lock}"]


def _known(host: Host, longest: tuple[str, str]) -> list[str]:
    """What the catalogue tells of columns that could not take what they get."""
    return [*_nowhere(host), *_too_short(host, longest), *_untold(host)]


def _nowhere(host: Host) -> list[str]:
    """Addresses that can be written nowhere, although there are columns for them."""
    written, all_computed = [], []
    tables = [(host.personas, host.outputs("avatar_url"), host.mapping.candidates("avatar_url", WRITTEN))]
    if host.avatares is not None:
        tables.append((host.avatares, address_columns(host.avatares, "image"), ("avatar_url",)))
    for table, takes, known in tables:
        written += takes
        all_computed += [f"{quoted(one)} of {table.name}" for one in known if one in table.computed]
    if written or not all_computed:
        return []
    computed = " and ".join(all_computed)
    return [
        f"the database computes {computed}: an avatar's address has nowhere to go. [host.columns] names another"
    ]


def _too_short(host: Host, longest: tuple[str, str]) -> list[str]:
    image, thumbnail = longest
    places = [(host.personas, column, image) for column in host.outputs("avatar_url")]
    places += [(host.personas, column, thumbnail) for column in host.outputs("thumbnail_url")]
    if host.avatares is not None and host.avatares_key is not None:
        places += [(host.avatares, column, image) for column in address_columns(host.avatares, "image")]
        places += [(host.avatares, column, thumbnail) for column in address_columns(host.avatares, "thumbnail")]
    return [
        f"the column {quoted(column)} of {table.name} holds {holds} characters, and an address may have "
        f"{len(address)}: alter table {table.name} alter column {quoted(column)} type text"
        for table, column, address in places
        if (holds := table.details[column].holds) is not None and holds < len(address)
    ]


def _untold(host: Host) -> list[str]:
    """Columns of a new row among the avatars that nobody fills."""
    inserted = touched(host).avatares_inserted
    if host.avatares is None or not inserted:
        return []
    return [
        f"the column {quoted(name)} of {host.avatares.name} takes no null and has no default, and Retrato "
        f"does not know it: alter table {host.avatares.name} alter column {quoted(name)} drop not null"
        for name, column in host.avatares.details.items()
        if column.must_be_told and name not in inserted
    ]


def _said(exc: asyncpg.PostgresError) -> str:
    """The server's words, with the hint that it may have."""
    return ". ".join(filter(None, [str(exc).splitlines()[0], exc.hint]))
