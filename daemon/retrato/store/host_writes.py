"""
The part of the write-back that touches the host's tables: only columns that exist are written.

Each piece is a ``with`` part of ``60_write_back.sql`` and reads from its part ``mine``. The rows are also named as
an array: whatever the planner thinks of ``mine``, that is a look into the index and no walk through the table.
"""

from retrato.store.host import FLAG, Host, Table, quoted

# Host column → expression over a row of ``mine``. ``now()`` is UTC: connections run with that time zone.
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
_PERSONAS = {
    "avatar_image_url": "mine.image_url",
    "avatar_url": "mine.image_url",
    "avatar_image_prompt": "mine.prompt",
    "avatar_image_generated_at": "now()",
}
_ADDRESSES = ("mine.image_url", "mine.thumbnail_url")


def host_writes(host: Host) -> str:
    """The parts, each beginning with a comma, for the place ``{host_writes}``."""
    parts = []
    if host.avatares is not None and host.avatares.has("persona_id"):
        parts.append(_avatares_writes(host.avatares))
    parts.append(_personas_write(host))
    return "".join(parts)


def _typed(table: Table, column: str, expression: str) -> str:
    """
    The expression as the column's own type: times may lack a zone, texts are cut to what a varchar(n) holds.

    Not so addresses: one that was cut leads nowhere. Without the cast the database refuses it.
    """
    if expression in _ADDRESSES:
        return expression
    return f"({expression})::{table.columns[column]}"


def _avatares_writes(avatares: Table) -> str:
    written = {column: _typed(avatares, column, how) for column, how in _AVATARES.items() if avatares.has(column)}
    updates = [f"{quoted(column)} = {how}" for column, how in written.items()]
    if avatares.has("metadados"):
        theirs = f"pa.{quoted('metadados')}::jsonb"
        kept = f"case when jsonb_typeof({theirs}) = 'object' then {theirs} else '{{}}' end || mine.metadados"
        updates.append(f"{quoted('metadados')} = {_typed(avatares, 'metadados', kept)}")
        written["metadados"] = _typed(avatares, "metadados", "mine.metadados")
    if not written:
        return ""
    persona_id = f"mine.persona_id::{avatares.columns['persona_id']}"
    columns = ", ".join(quoted(column) for column in ("persona_id", *written))
    values = ", ".join([persona_id, *written.values()])
    # No ON CONFLICT: older databases lack the UNIQUE. The persona's row is locked, so no second write-back is
    # here; should the application insert at this very moment, the UNIQUE, where there is one, makes us repeat.
    return f""",
avatares_updated as (
    update {avatares.name} pa
    set {", ".join(updates)}
    from mine
    where pa.persona_id = {persona_id} and pa.persona_id = any(array(select {persona_id} from mine))
),
avatares_inserted as (
    insert into {avatares.name} ({columns})
    select {values}
    from mine
    where not exists (select from {avatares.name} pa where pa.persona_id = {persona_id})
)"""


def _personas_write(host: Host) -> str:
    personas = host.personas
    updates = [
        f"{quoted(column)} = {_typed(personas, column, how)}"
        for column, how in _PERSONAS.items()
        if personas.has(column)
    ]
    # The flag stays up when somebody asked again meanwhile; the job stays too.
    updates.append(f"{quoted(FLAG)} = p.{quoted(FLAG)} and mine.asked_again")
    persona_id = f"mine.persona_id::{host.id_type}"
    return f""",
personas_updated as (
    update {personas.name} p
    set {", ".join(updates)}
    from mine
    where p.{quoted("id")} = {persona_id} and p.{quoted("id")} = any(array(select {persona_id} from mine))
)"""
