"""
The part of the write-back that touches the host's tables: only columns that exist are written.

Each piece is a ``with`` part of ``60_write_back.sql`` and reads from its part ``mine``. The rows are also named as
an array: whatever the planner thinks of ``mine``, that is a look into the index and no walk through the table.
"""

from dataclasses import dataclass
from typing import Literal

from retrato.store.catalogue import Key
from retrato.store.host import Host, Table, quoted
from retrato.store.mapping import FLAG

# Column of the table of avatars → expression over a row of ``mine``. ``now()`` is UTC: connections run with that
# time zone.
_AVATARES = {
    "avatar_url": "mine.image_url",
    "avatar_thumbnail_url": "mine.thumbnail_url",
    "avatar_thumb_path": "mine.thumbnail_url",
    # Pages show avatar_local_path before avatar_url: an old one would hide the new picture.
    "avatar_local_path": "mine.image_url",
    "avatar_thumbnail_local_path": "mine.thumbnail_url",
    "servico_usado": "mine.service",
    "avatar_service": "mine.service",
    "generation_service": "mine.service",
    "avatar_seed": "mine.seed",
    "ativo": "true",
    "generated_at": "now()",
    "updated_at": "now()",
}
# Where every version has a row of its own, it also says which one; its check allows no other name of a service.
_ROW_OF_A_VERSION = {"servico_usado": "'custom'", "prompt_usado": "mine.prompt", "versao": "mine.version"}
# Logical field of the personas' table (mapping.WRITTEN) → expression.
_PERSONAS = {
    "avatar_url": "mine.image_url",
    "thumbnail_url": "mine.thumbnail_url",
    "prompt": "mine.prompt",
    "generated_at": "now()",
}
_ADDRESSES = ("mine.image_url", "mine.thumbnail_url")


def entry_of(version: str, *, drawn_at: str, cost: str) -> str:
    """
    What ``flux_generation`` says of a row of ``retrato.avatars``, as SQL that makes a jsonb.

    As ``generation/pipeline.py`` writes it; *drawn_at* and *cost* are expressions.
    """
    return f"""jsonb_build_object(
    'model', {version}.model,
    'seed_used', {version}.seed,
    'generated_at', to_char({drawn_at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'image_size', {version}.width || 'x' || {version}.height,
    'file_size_kb', to_char({version}.image_bytes / 1024.0, 'FM999999990.00'),
    'inference_steps', {version}.steps,
    'guidance_scale', {version}.guidance,
    'provider', {version}.provider,
    'leg', {version}.leg,
    'prompt', {version}.prompt,
    'version', {version}.version,
    'cost_usd', trim_scale({cost}),
    'sha256', {version}.sha256,
    'ai_generated', true
)"""


def service_of(version: str) -> str:
    """The service that a row of ``retrato.avatars`` came from, as the write-back is told it."""
    return rf"{version}.provider || '_' || regexp_replace({version}.model, '^.*/', '')"


def described(host: Host) -> dict[str, str]:
    """
    The columns of the table of avatars that tell what a picture came from, and what they say of ``mine``.

    Neither addresses nor times, prompts or documents, nor whether the row is active.
    """
    if host.avatares is None:
        return {}
    expressions = {**_AVATARES, **_ROW_OF_A_VERSION} if host.many_rows else _AVATARES
    apart = {*_ADDRESSES, "now()", "true", "mine.prompt"}
    return {c: how for c, how in expressions.items() if how not in apart and host.avatares.has(c)}


def host_writes(host: Host, *, lowers_flag: bool = True) -> str:
    """
    The parts, each beginning with a comma, for the place ``{host_writes}``.

    Without *lowers_flag* for tables that have no flag yet.
    """
    parts = []
    if host.avatares is not None and host.avatares_key is not None:
        assert host.avatares_id_key is not None
        write = _new_row if host.many_rows else _avatares_writes
        parts.append(write(host.avatares, host.avatares_key, host.avatares_id_key))
    parts.append(_personas_write(host, lowers_flag=lowers_flag))
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The columns that a write-back touches: what its role needs rights on."""

    personas_updated: list[str]
    avatares_updated: list[str]
    avatares_inserted: list[str]


def touched(host: Host) -> Touched:
    """The columns that the parts of `host_writes` name as written."""
    personas = [column for field in _PERSONAS for column in host.outputs(field)]
    updated: list[str] = []
    inserted: list[str] = []
    if host.avatares is not None and host.avatares_key is not None:
        known = {**_AVATARES, **_ROW_OF_A_VERSION} if host.many_rows else _AVATARES
        written = list(filter(host.avatares.takes, [*known, "metadados"]))
        updated = list(filter(host.avatares.takes, ["ativo"])) if host.many_rows else written
        inserted = [host.avatares_key, *written] if written else []
    return Touched(
        personas_updated=[*dict.fromkeys([*personas, *metadata_columns(host)]), FLAG],
        avatares_updated=updated,
        avatares_inserted=inserted,
    )


def address_columns(avatares: Table, kind: Literal["image", "thumbnail"]) -> list[str]:
    """The columns of the table of avatars that get the address of the picture, or of its thumbnail."""
    return [column for column, how in _AVATARES.items() if how == f"mine.{kind}_url" and avatares.takes(column)]


def address_places(host: Host) -> list[tuple[Table, str]]:
    """Table and column of every address in the application's tables: pictures' and thumbnails'."""
    places = [(host.personas, column) for name in ("avatar_url", "thumbnail_url") for column in host.outputs(name)]
    if (avatares := host.avatares) is not None:
        places += [(avatares, column) for column in address_columns(avatares, "image")]
        places += [(avatares, column) for column in address_columns(avatares, "thumbnail")]
    return places


def _typed(table: Table, column: str, expression: str) -> str:
    """
    The expression as the column's own type: times may lack a zone, texts are cut to what a varchar(n) holds.

    Not so addresses: one that was cut leads nowhere. Without the cast the database refuses it.
    """
    if expression in _ADDRESSES:
        return expression
    return f"({expression})::{table.columns[column]}"


def _merged(table: Table, column: str, alias: str) -> str:
    """What a column of JSON holds, with ours on top: keys of others stay."""
    theirs = f"{alias}.{quoted(column)}::jsonb"
    kept = f"case when jsonb_typeof({theirs}) = 'object' then {theirs} else '{{}}' end || mine.metadados"
    return _typed(table, column, kept)


def _avatares_writes(avatares: Table, key: str, kind: Key) -> str:
    written = {
        column: _typed(avatares, column, how) for column, how in _AVATARES.items() if avatares.takes(column)
    }
    updates = [f"{quoted(column)} = {how}" for column, how in written.items()]
    if avatares.takes("metadados"):
        updates.append(f"{quoted('metadados')} = {_merged(avatares, 'metadados', 'pa')}")
        written["metadados"] = _typed(avatares, "metadados", "mine.metadados")
    if not written:
        return ""
    persona_id = f"mine.persona_id::{kind.type}"
    ours = f"pa.{quoted(key)} {kind.equals}"
    columns = ", ".join(quoted(column) for column in (key, *written))
    values = ", ".join([persona_id, *written.values()])
    # No ON CONFLICT: older databases lack the UNIQUE. The persona's row is locked, so no second write-back is
    # here; should the application insert at this very moment, the UNIQUE, where there is one, makes us repeat.
    return f""",
avatares_updated as (
    update {avatares.name} pa
    set {", ".join(updates)}
    from mine
    where {ours} {persona_id} and {ours} any(array(select {persona_id} from mine))
),
avatares_inserted as (
    insert into {avatares.name} ({columns})
    select {values}
    from mine
    where not exists (select from {avatares.name} pa where pa.{quoted(key)} {kind.equals} {persona_id})
)"""


def _new_row(avatares: Table, key: str, kind: Key) -> str:
    """A row for the new version; the active one before it stays, not active any more."""
    expressions = {**_AVATARES, **_ROW_OF_A_VERSION}
    written = {c: _typed(avatares, c, how) for c, how in expressions.items() if avatares.takes(c)}
    persona_id = f"mine.persona_id::{kind.type}"
    active = f"pa.{quoted('ativo')}" if avatares.takes("ativo") else "true"
    theirs = f"from {avatares.name} pa where pa.{quoted(key)} {kind.equals} {persona_id} and {active}"
    if avatares.takes("metadados"):
        json = f"pa.{quoted('metadados')}::jsonb"
        kept = f"(select {json} {theirs} and jsonb_typeof({json}) = 'object' limit 1)"
        written["metadados"] = _typed(avatares, "metadados", f"coalesce({kept}, '{{}}') || mine.metadados")
    retired = f""",
avatares_retired as (
    update {avatares.name} pa
    set {quoted("ativo")} = false
    from mine
    where
        pa.{quoted(key)} {kind.equals} {persona_id}
        and pa.{quoted(key)} {kind.equals} any(array(select {persona_id} from mine))
        and pa.{quoted("ativo")}
)"""
    columns = ", ".join(quoted(column) for column in (key, *written))
    return f"""{retired if avatares.takes("ativo") else ""},
avatares_inserted as (
    insert into {avatares.name} ({columns})
    select {", ".join([persona_id, *written.values()])}
    from mine
)"""


def metadata_columns(host: Host) -> list[str]:
    """Where the personas' own table takes JSON; only where no table of avatars does."""
    if host.avatares is not None and host.avatares.takes("metadados"):
        return []
    return [c for c in host.outputs("metadata") if host.personas.columns[c] in {"json", "jsonb"}][:1]


def _personas_write(host: Host, *, lowers_flag: bool) -> str:
    personas = host.personas
    updates = [
        f"{quoted(column)} = {_typed(personas, column, how)}"
        for field, how in _PERSONAS.items()
        for column in host.outputs(field)
    ]
    updates += [f"{quoted(column)} = {_merged(personas, column, 'p')}" for column in metadata_columns(host)]
    # The flag stays up when somebody asked again meanwhile; the job stays too.
    if lowers_flag:
        updates.append(f"{quoted(FLAG)} = p.{quoted(FLAG)} and mine.asked_again")
    if not updates:
        return ""
    key, equals, persona_id = quoted(host.id_column), host.id_key.equals, f"mine.persona_id::{host.id_type}"
    return f""",
personas_updated as (
    update {personas.name} p
    set {", ".join(updates)}
    from mine
    where p.{key} {equals} {persona_id} and p.{key} {equals} any(array(select {persona_id} from mine))
)"""
