"""
The words of the triggers that put a picture back which the application takes off its page without meaning to.

Two things do that: the address of a placeholder service, written with the whole team, and an object that was
loaded before the write-back and is saved with all its columns. The second is known by what it takes back beside
the address: the picture's time, or its entry in the metadata. An address that is taken away by itself stays away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrato.store.host import Host, quoted
from retrato.store.host_words import fills_a_place, is_placeholder
from retrato.store.host_writes import address_columns, metadata_columns

# Each of our own writes has a higher number than the one before. Compared as jsonb, where null comes first and no
# text that somebody else may have put there is an error.
_VERSION = "coalesce({row}.{column}::jsonb #> array['flux_generation', 'version'], 'null')"
_NEWEST = "{these}[cardinality({these})]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """What the write-back writes into a table: addresses, and by column what else tells of a picture."""

    images: Sequence[str]
    thumbnails: Sequence[str]
    times: Sequence[str]
    prompts: Sequence[str] = ()
    documents: Mapping[str, str]
    """Column → type, json or jsonb."""


def keep_words(host: Host) -> dict[str, str]:
    """The words of ``35_on_cover.sql``, and those of ``36_on_prompt.sql`` where there is a table of avatars."""
    personas = _Ours(
        images=host.outputs("avatar_url"),
        thumbnails=host.outputs("thumbnail_url"),
        times=host.outputs("generated_at"),
        prompts=host.outputs("prompt"),
        documents={column: host.personas.columns[column] for column in metadata_columns(host)},
    )
    words = {
        "picture_covered": _covered(personas),
        "picture_gone": _is_gone(personas),
        "picture_kept": _kept(personas),
        "rest_kept": _rest(personas),
    }
    if host.avatares is not None:
        table = host.avatares
        avatares = _Ours(
            images=address_columns(table, "image"),
            thumbnails=address_columns(table, "thumbnail"),
            times=table.existing(["generated_at"]),
            documents={column: table.columns[column] for column in table.existing(["metadados"])},
        )
        words |= {
            "avatar_missing": _missing(avatares),
            "avatar_covered": _covered(avatares),
            "avatar_gone": _is_gone(avatares),
            "avatar_kept": _kept(avatares),
            "rest_of_avatar_kept": _rest(avatares),
        }
    return words


def _missing(ours: _Ours) -> str:
    """Whether a new row knows no address, as SQL with built-in operators alone."""
    return " and ".join(fills_a_place(f"new.{quoted(column)}") for column in ours.images) or "false"


def _covered(ours: _Ours) -> str:
    """Whether an update takes a picture's address away without meaning to."""
    is_old = " or ".join([*map(_goes_back, ours.times), *map(_forgets, ours.documents)]) or "false"
    covered = [
        f"(new.{c} is distinct from old.{c} and not {fills_a_place(f'old.{c}')} "
        f"and ({is_placeholder(f'new.{c}')} or {is_old}))"
        for c in map(quoted, ours.images)
    ]
    return f"({' or '.join(covered) or 'false'})"


def _goes_back(time: str) -> str:
    old, new = f"old.{quoted(time)}", f"new.{quoted(time)}"
    return f"({old} is not null and coalesce({new} < {old}, true))"


def _forgets(document: str) -> str:
    new, old = (_VERSION.format(row=row, column=quoted(document)) for row in ("new", "old"))
    return f"{new} < {old}"


def _is_gone(ours: _Ours) -> str:
    """Whether none, a placeholder or an older address of ours stands where the newest was, given ``images``."""
    newest = _NEWEST.format(these="images")
    gone = [
        f"({fills_a_place(f'new.{c}')} or new.{c} = any(images) and new.{c} <> {newest})"
        for c in map(quoted, ours.images)
    ]
    return " or ".join(gone) or "false"


def _kept(ours: _Ours) -> str:
    """Statements that put the newest addresses there, given ``images`` and ``thumbnails``, by version."""
    known = {**dict.fromkeys(ours.images, "images"), **dict.fromkeys(ours.thumbnails, "thumbnails")}
    return "\n".join(
        f"if {fills_a_place(f'new.{c}')} or new.{c} = any({these}) then\n"
        f"    new.{c} := {_NEWEST.format(these=these)};\n"
        "end if;"
        for c, these in ((quoted(column), these) for column, these in known.items())
    )


def _rest(ours: _Ours) -> str:
    """Statements that leave what else tells of the picture as it was."""
    statements = [f"new.{c} := old.{c};" for c in map(quoted, (*ours.times, *ours.prompts))]
    for column, kind in ours.documents.items():
        c = quoted(column)
        new, old = f"new.{c}::jsonb", f"old.{c}::jsonb"
        entry = f"jsonb_build_object('flux_generation', {old} -> 'flux_generation')"
        statements.append(
            f"if {old} ? 'flux_generation' and coalesce(jsonb_typeof({new}), 'object') = 'object' then\n"
            f"    new.{c} := (coalesce({new}, '{{}}') || {entry})::{kind};\n"
            "end if;"
        )
    return "\n".join(statements)
