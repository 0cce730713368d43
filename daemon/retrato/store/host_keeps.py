"""
The words of the triggers that put a picture back, with all that tells of it, where the application takes it away
without meaning to: with a placeholder's address, an older picture of ours, a copy of the row that is older than
the picture, or a row that says "not drawn yet" while the picture is there.

What the application does on purpose stays: a picture of its own in our picture's place; an address that is taken
away, or a row that is made inactive, and nothing else of ours with it. Its prompts and its keys stay in any case.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrato.store.host import Host, quoted
from retrato.store.host_words import fills_a_place, is_placeholder
from retrato.store.host_writes import address_columns, described, entry_of, metadata_columns, service_of

_ENTRY = "({row}.{column}::jsonb #> array['flux_generation'])"
# Our own write-back says who writes (sql/triggers/60_write_back.sql).
_BY_OTHERS = "current_setting('retrato.writes', true) is distinct from 'true'"
_NEWEST = "images[cardinality(images)]"
_SHORT = re.compile(r"character varying\((\d+)\)|character\((\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """What the write-back writes into a table: addresses, and by column what else tells of a picture."""

    host: Host
    persona_id: str
    """Of the row ``new``, as text."""
    types: Mapping[str, str]
    images: Sequence[str]
    thumbnails: Sequence[str]
    times: Sequence[str]
    prompts: Sequence[str]
    documents: Sequence[str]
    described: Mapping[str, str] = field(default_factory=dict)
    """Column → expression over a version ``mine``."""
    active: str | None = None
    """The column that says whether pages show the row."""
    many_rows: bool = False


def keep_words(host: Host) -> dict[str, str]:
    """The words of ``35_on_cover.sql``, and those of ``36_on_prompt.sql`` where there is a table of avatars."""
    personas = _Ours(
        host=host,
        persona_id=f"new.{quoted(host.id_column)}::text",
        types=host.personas.columns,
        images=host.outputs("avatar_url"),
        thumbnails=host.outputs("thumbnail_url"),
        times=host.outputs("generated_at"),
        prompts=host.outputs("prompt"),
        documents=metadata_columns(host),
    )
    words = {
        "by_others": _BY_OTHERS,
        "picture_covered": _touched(personas),
        "picture_gone": f"not {_shows_own(personas)}",
        "picture_kept": _kept(personas),
    }
    if host.avatares is not None and host.avatares_key is not None:
        table = host.avatares
        avatares = _Ours(
            host=host,
            persona_id=f"new.{quoted(host.avatares_key)}::text",
            types=table.columns,
            images=address_columns(table, "image"),
            thumbnails=address_columns(table, "thumbnail"),
            times=table.existing(["generated_at"]),
            prompts=table.existing(["prompt_usado"]) if host.many_rows else (),
            documents=table.existing(["metadados"]),
            described=described(host),
            active="ativo" if table.has("ativo") else None,
            many_rows=host.many_rows,
        )
        words |= {
            "avatar_covered": _touched(avatares),
            "avatar_gone": f"not {_shows_own(avatares)}",
            "avatar_kept": _kept(avatares),
        }
    return words


def _any(conditions: Iterable[str]) -> str:
    return f"({' or '.join(conditions) or 'false'})"


def _touched(ours: _Ours) -> str:
    """Whether an update touches what tells of a picture."""
    moved = (f"new.{c} is distinct from old.{c}" for c in map(quoted, (*ours.images, *ours.thumbnails)))
    return _any([*moved, _told(ours)])


def _told(ours: _Ours) -> str:
    """Whether an update takes back, beside the address, what tells of the picture."""
    return _any(
        [
            *(f"new.{c} is distinct from old.{c}" for c in map(quoted, ours.described)),
            *(_goes_back(quoted(c)) for c in ours.times),
            *(
                f"{_ENTRY.format(row='new', column=c)} is distinct from {_ENTRY.format(row='old', column=c)}"
                for c in map(quoted, ours.documents)
            ),
        ]
    )


def _goes_back(c: str) -> str:
    return f"(old.{c} is not null and coalesce(new.{c} < old.{c}, true))"


def _fills(ours: _Ours, row: str, c: str) -> str:
    return fills_a_place(ours.host, f"{row}.{c}")


def _is_placeholder(ours: _Ours, c: str) -> str:
    return is_placeholder(ours.host, f"new.{c}")


def _was_moved(ours: _Ours, c: str) -> str:
    """Whether an address of a picture is another one now, or none."""
    return f"(new.{c} is distinct from old.{c} and not {_fills(ours, 'old', c)})"


def _shows_own(ours: _Ours) -> str:
    """Whether the row shows a picture of the application's own, given ``images``: then all is as it wants it."""
    columns = [quoted(c) for c in ours.images]
    was_ours = _any(
        f"coalesce(case when tg_op = 'UPDATE' then old.{c} else new.{c} end = any(images), false)" for c in columns
    )
    return _any(
        f"(not {_fills(ours, 'new', c)} and new.{c} <> all(images) "
        f"and (tg_op = 'UPDATE' and new.{c} is distinct from old.{c} or not {was_ours}))"
        for c in columns
    )


def _kept(ours: _Ours) -> str:
    """The block that puts back what is gone, given ``images`` and ``thumbnails``, by version."""
    put_back = _any(
        f"({_was_moved(ours, c)} "
        f"and ({_is_placeholder(ours, c)} or new.{c} = any(images) and new.{c} <> {_NEWEST}))"
        for c in map(quoted, ours.images)
    )
    # Where every version has a row of its own, the row's; else the newest.
    its_own = ", ".join(f"old.{quoted(c)}" for c in ours.images) if ours.many_rows else ""
    order = f"coalesce(a.image_url = any(array[{its_own}]), false) desc, " if its_own else ""
    addresses = "\n".join(
        _address_kept(ours, quoted(column), these, one)
        for columns, these, one in (
            (ours.images, "images", "image_url"),
            (ours.thumbnails, "thumbnails", "thumbnail_url"),
        )
        for column in columns
    )
    shows_ours = _any(f"coalesce(new.{c} = any(images), false)" for c in map(quoted, ours.images))
    return f"""declare
    drawn record;
    told boolean := tg_op = 'INSERT' or {_told(ours)};
    stale boolean := tg_op = 'UPDATE' and (told or {put_back});
begin
    select v.*
    into drawn
    from retrato.addresses a
    join retrato.avatars v on v.persona_id = a.persona_id and v.version = a.version
    where a.persona_id = {ours.persona_id}
    order by {order}a.version desc
    limit 1;
    select a.image_url, a.thumbnail_url
    into drawn.image_url, drawn.thumbnail_url
    from retrato.addresses a
    where a.persona_id = drawn.persona_id and a.version = drawn.version
    order by a.used_at desc
    limit 1;
    {addresses}
    if {shows_ours} and (stale or {_is_alone(ours)}) then
        {_rest(ours)}
    end if;
end;"""


def _address_kept(ours: _Ours, c: str, these: str, one: str) -> str:
    return f"""if
    (tg_op = 'INSERT' or {_was_moved(ours, c)})
    and ({_is_placeholder(ours, c)} or told and {_fills(ours, "new", c)} or new.{c} = any({these}))
then
    new.{c} := drawn.{one};
end if;"""


def _is_alone(ours: _Ours) -> str:
    """Whether a new row takes the place of one that is gone; one that meets another is about to be merged."""
    table, column, key = ours.host.avatares, ours.host.avatares_key, ours.host.avatares_id_key
    if table is None or column is None or key is None or ours.types is not table.columns:
        return "false"
    c = quoted(column)
    active = f" and pa.{quoted(ours.active)}" if ours.many_rows and ours.active is not None else ""
    return (
        f"tg_op = 'INSERT' and not exists (select from {table.name} pa where pa.{c} {key.equals} new.{c}{active})"
    )


def _rest(ours: _Ours) -> str:
    """Statements that let the row tell of the version ``drawn``, as the write-back has left it."""
    service = f"({service_of('drawn')})"
    told = {
        c: how.replace("mine.service", service).replace("mine.", "drawn.") for c, how in ours.described.items()
    }
    statements = [f"new.{quoted(c)} := {_fitting(ours.types[c], how)};" for c, how in told.items()]
    statements += [_time_kept(quoted(c), ours.types[c]) for c in ours.times]
    statements += [_prompt_kept(quoted(c), ours.types[c]) for c in ours.prompts]
    statements += [_document_kept(quoted(c), ours.types[c]) for c in ours.documents]
    if ours.active is not None:
        c = quoted(ours.active)
        was_active = "tg_op = 'UPDATE'" if ours.many_rows else f"tg_op = 'UPDATE' and old.{c}"
        statements.append(
            f"if tg_op = 'INSERT' then\n    new.{c} := true;\n"
            f"elsif {was_active} then\n    new.{c} := old.{c};\nend if;"
        )
    return "\n".join(statements) or "null;"


def _fitting(kind: str, expression: str) -> str:
    """Cut to what a varchar(n) holds; all else becomes the column's type by being assigned."""
    short = _SHORT.fullmatch(kind)
    return f"left({expression}, {short[1] or short[2]})" if short else expression


def _time_kept(c: str, kind: str) -> str:
    made = "drawn.created_at" if kind.endswith("with time zone") else "drawn.created_at at time zone 'UTC'"
    return f"""if tg_op = 'INSERT' and new.{c} is null then
    new.{c} := {made};
elsif tg_op = 'UPDATE' and {_goes_back(c)} then
    new.{c} := old.{c};
end if;"""


def _prompt_kept(c: str, kind: str) -> str:
    """The application's own prompt stays; none, or an older one of ours, tells of an old copy."""
    return f"""if
    nullif(btrim(new.{c}), '') is null
    or new.{c} in (
        select a.prompt from retrato.avatars a where a.persona_id = drawn.persona_id and not a.prompt_is_theirs
    )
then
    new.{c} := case when tg_op = 'INSERT' then {_fitting(kind, "drawn.prompt")} else old.{c} end;
end if;"""


def _document_kept(c: str, kind: str) -> str:
    made = entry_of("drawn", drawn_at="drawn.created_at", cost="drawn.cost_usd")
    return f"""if coalesce(jsonb_typeof(new.{c}::jsonb), 'null') in ('object', 'null') then
    new.{c} := (
        coalesce(nullif(new.{c}::jsonb, 'null'), '{{}}')
        || jsonb_build_object(
            'flux_generation',
            coalesce(case when tg_op = 'UPDATE' then {_ENTRY.format(row="old", column=c)} end, {made})
        )
    )::{kind};
end if;"""
