"""Tables and columns that no mapping names, but that might have been meant."""

import re
from collections.abc import Mapping, Sequence

from retrato.store.catalogue import Table
from retrato.store.database import Connection
from retrato.store.host import Host
from retrato.store.mapping import INACTIVE, KEYS, READ, WRITTEN
from retrato.store.queries import query

# Logical field → how others call it, as `_plain` spells it. The known names are looked for in that spelling too.
_ALIKE: Mapping[str, Sequence[str]] = {
    "name": ("first_name", "last_name", "given_name", "nome_completo", "primeiro_nome", "nombre", "username"),
    "role": ("position", "occupation", "profession", "job", "profissao", "funcao", "posicao", "headline"),
    "department": ("dept", "area", "setor", "team"),
    "gender": ("sex", "pronouns", "genero_persona"),
    "nationality": ("origin", "origem", "location"),
    "ethnicity": ("race", "raca"),
    "appearance": ("looks", "physical_description", "aparencia_fisica"),
    "system_prompt": ("prompt", "instructions", "personality", "personalidade"),
    "empresa_id": ("org_id", "account_id", "client_id", "cliente_id", "workspace_id", "team_id"),
    "created_at": ("inserted_at", "created", "created_on", "date_created"),
    "avatar_url": (
        "avatar", "photo", "foto", "image", "imagem", "picture", "photo_url", "foto_url", "image_url",
        "imagem_url", "picture_url", "profile_image", "profile_picture", "profile_image_url", "avatar_src", "src",
    ),
    "thumbnail_url": ("thumbnail", "thumb", "thumb_url", "thumbnail_url", "avatar_thumb", "miniatura"),
    "metadata": ("metadados", "extra", "meta"),
}  # fmt: skip


def similar_columns(host: Host) -> dict[str, list[str]]:
    """Logical field that was not found → columns of the personas' table that nothing reads or writes."""
    fields = {**READ, **KEYS, **WRITTEN}
    used = {column for name in READ for column in host.fields(name)}
    used |= {column for name in WRITTEN for column in host.outputs(name)}
    used |= {key for name in KEYS if (key := host.key(name)) is not None}
    used |= {column for name in INACTIVE for column in host.inactive_columns(name)}
    free = [column for column in host.personas.columns if column not in used]
    found = {}
    for name, known in fields.items():
        if not _is_found(host, name) and name not in host.mapping.columns:
            alike = [c for c in free if _plain(c) in {*map(_plain, known), *_ALIKE.get(name, ())}]
            if alike:
                found[name] = alike
    return found


def not_found(host: Host) -> list[str]:
    """The logical fields that no column holds, and that no mapping has given up."""
    names = [*READ, *KEYS, *WRITTEN]
    return [name for name in names if not _is_found(host, name) and host.mapping.columns.get(name) != ""]


async def similar_tables(connection: Connection, host: Host) -> dict[str, list[str]]:
    """``empresas`` or ``avatares``, where it was not found → tables whose names sound like it."""
    rows = await connection.fetch(query("guess_tables"), host.personas.name)
    tables: dict[str, Table | None] = {"empresas": host.empresas, "avatares": host.avatares}
    names = {what: [row["name"] for row in rows if row["what"] == what] for what in tables}
    told = {"empresas": host.mapping.empresas, "avatares": host.mapping.avatares}
    return {what: names[what] for what in tables if tables[what] is None and told[what] is None and names[what]}


def _is_found(host: Host, name: str) -> bool:
    return bool(
        (name in READ and (host.fields(name) or host.avatares_fields(name)))
        or (name in WRITTEN and host.outputs(name))
        or (name in KEYS and host.key(name) is not None)
    )


def _plain(name: str) -> str:
    """A name in camelCase, Capitals or with blanks as it is written elsewhere."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+", "_", name).lower()
