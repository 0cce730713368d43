"""The words in braces that the SQL files take from the host: identifiers and expressions over its rows."""

from collections.abc import Sequence

from retrato.store.host import Host, Table, quoted
from retrato.store.host_inactive import inactive
from retrato.store.mapping import FLAG, INACTIVE, READ
from retrato.store.patterns import quoted_text
from retrato.store.placeholders import placeholder
from retrato.store.queries import host_query

# The first character that is no space is there, and no bracket: "[A GERAR]" is a placeholder.
_NAMED = quoted_text(r"^\s*[^\s[]")
_BLANK = quoted_text(r"^\s*$")
# Whether a trigger stands on the table that the mapping names, or on a partition of it. One that has travelled
# with a renamed table must do nothing for it: another table may be in its place, with the same keys. Naming the
# table makes each session read what follows anew when its columns have changed; else plpgsql would go on with
# the types that they had (42804) as long as the session lives.
_ON_TABLE = (
    "(tg_relid = {table}::pg_catalog.regclass"
    " or pg_catalog.pg_partition_root(tg_relid) is not distinct from {table}::pg_catalog.regclass)"
)
# Told once in a transaction. What a person or a statement_timeout cancels is none of `others`.
_LEAVE_TO_SWEEP = """if pg_catalog.current_setting('retrato.left_to_sweep', true) is distinct from sqlstate then
            perform pg_catalog.set_config('retrato.left_to_sweep', sqlstate, true);
            raise warning 'Retrato leaves this to its sweep: %', sqlerrm
                using errcode = sqlstate, hint = 'see `retrato migrate --check`';
        end if;"""


def host_words(host: Host) -> dict[str, str]:
    """The words in braces that ``sql/`` uses for the host."""
    words = {
        "personas": host.personas.name,
        "personas_id": quoted(host.id_column),
        "id_type": host.id_type,
        "is_id": host.id_key.equals,
        "is_behind_id": host.id_key.exceeds,
        "flag": quoted(FLAG),
        "name_of_p": _name_of(host, "p"),
        "url_of_p": _url_of(host, "p"),
        "missing_of_p": f"({_url_of(host, 'p')} is null)",
        "since_of_p": _since_of(host, "p"),
        "missing_of_new": f"({_url_of(host, 'new')} is null)",
        "inputs_changed": _inputs_changed(host),
        "on_personas": _on_table(host.personas),
        "personas_literal": quoted_text(host.personas.name),
        "created_of_p": _created_of(host, "p"),
        "shows_ours_p": _shows_ours(host, "p"),
        "version_margin": "'0'" if _shows_addresses(host) else "'1 hour'",
        "leave_to_sweep": _LEAVE_TO_SWEEP,
    }
    for alias in ("p", "new", "old"):
        words[f"empresa_of_{alias}"] = _empresa_of(host, alias)
        words[f"named_of_{alias}"] = _named_of(host, alias)
        words[f"ready_of_{alias}"] = _ready_of(host, alias)
        words[f"flag_of_{alias}"] = f"({alias}.{quoted(FLAG)} is true)"
    if host.prompts():
        assert host.avatares is not None
        assert host.avatares_key is not None
        words["avatares"] = host.avatares.name
        words["persona_of_new"] = f"new.{quoted(host.avatares_key)}"
        words["prompted_of_new"] = _prompted_of(host, "new")
        words["prompted_of_old"] = _prompted_of(host, "old")
        words["on_avatares"] = _on_table(host.avatares)
    words["persona_states"] = f"({host_query('persona_states', words)})"
    return words


def _on_table(table: Table) -> str:
    return _ON_TABLE.format(table=quoted_text(table.name))


def _created_of(host: Host, alias: str) -> str:
    """When the row was created, null where it does not tell; times without a zone are UTC."""
    created = host.key("created_at")
    kind = host.personas.columns[created] if created is not None else ""
    if created is None or not kind.startswith("timestamp"):
        return "null::timestamptz"
    zone = "" if kind.endswith("with time zone") else " at time zone 'UTC'"
    return f"({alias}.{quoted(created)}{zone})"


def _shows_addresses(host: Host) -> bool:
    return bool(host.outputs("avatar_url")) or (
        host.avatares is not None and host.avatares_key is not None and host.avatares.has("avatar_url")
    )


def _shows_ours(host: Host, alias: str) -> str:
    """Whether the row shows the address of a picture that is remembered for its key."""
    return (
        f"exists (select from retrato.avatars ours where ours.persona_id = {alias}.{quoted(host.id_column)}::text "
        f"and (ours.image_url = {_url_of(host, alias)} or strpos({_url_of(host, alias)}, ours.image_key) > 0))"
    )


def _name_of(host: Host, alias: str) -> str:
    return first_of([not_empty(alias, column) for column in host.fields("name")])


def _empresa_of(host: Host, alias: str) -> str:
    """The company as text, ``-`` for none: never null or empty, or our trigger would refuse the row."""
    column = host.key("empresa_id")
    if column is None:
        return "'-'::text"
    text = f"coalesce(nullif({alias}.{quoted(column)}::text, ''), '-')"
    # Ours is "C", and two other collations that meet are an error.
    return text if host.personas.details[column].collation is None else f'({text} collate "C")'


def has_name(host: Host, alias: str) -> str:
    """Whether the row *alias* has a name that is no placeholder, with built-in operators alone and never null."""
    return f"coalesce({_name_of(host, alias)}, '') ~ {_NAMED}"


def _named_of(host: Host, alias: str) -> str:
    """Ready as far as its own row tells, with built-in operators alone and never null."""
    ready = f"({has_name(host, alias)}"
    states = [(field, not_empty(alias, column)) for field in INACTIVE for column in host.inactive_columns(field)]
    if states:
        ready += f" and not {inactive(host, states)}"
    own = host.fields("ready_prompt")
    if host.mapping.ready_when == "prompt" and not host.prompts():
        ready += f" and {first_of([not_empty(alias, column) for column in own])} is not null"
    return ready + ")"


def _ready_of(host: Host, alias: str) -> str:
    """Ready to be drawn."""
    if host.mapping.ready_when == "name" or not host.prompts():
        return _named_of(host, alias)
    assert host.avatares is not None
    own = " or ".join(f"{not_empty(alias, column)} is not null" for column in host.fields("ready_prompt"))
    return (
        f"({_named_of(host, alias)} and ({own or 'false'} or exists (select from {host.avatares.name} pa "
        f"where {host.of_persona(alias)} and {ready_prompt(host, 'pa', alias)} is not null)))"
    )


def ready_prompt(host: Host, alias: str, persona: str) -> str:
    """The application's prompt in a row of the table of avatars; a copy of what Retrato wrote is none."""
    prompt = first_of([not_empty(alias, column) for column in host.prompts()])
    return (
        f"(select theirs.prompt from (select {prompt} as prompt) theirs where not exists ("
        f"select from retrato.avatars a where a.persona_id = {persona}.{quoted(host.id_column)}::text "
        "and a.prompt = theirs.prompt and not a.prompt_is_theirs))"
    )


def _prompted_of(host: Host, alias: str) -> str:
    return f"({first_of([not_empty(alias, column) for column in host.prompts()])} is not null)"


def _since_of(host: Host, alias: str) -> str:
    """Whether the persona was created after the installation; false where the host does not tell."""
    created = host.key("created_at")
    if created is None or not host.personas.columns[created].startswith(("timestamp", "date")):
        return "false"
    return f"coalesce({alias}.{quoted(created)} >= (select i.installed_at from retrato.installation i), false)"


def _inputs_changed(host: Host) -> str:
    """Whether an update changed what is drawn; false where that shall not draw a new picture."""
    columns = dict.fromkeys(column for name in READ for column in host.fields(name))
    changed = [f"new.{quoted(c)}::text is distinct from old.{quoted(c)}::text" for c in columns]
    return f"({' or '.join(changed)})" if host.mapping.regenerate_on_change else "false"


def _url_of(host: Host, alias: str) -> str:
    """The address of the avatar that the host knows, null where it knows none or only a placeholder."""
    known = [
        f"case when not {fills_a_place(host, f'{alias}.{quoted(column)}')} then {alias}.{quoted(column)} end"
        for column in host.outputs("avatar_url")
    ]
    if host.avatares is not None and host.avatares_key is not None and host.avatares.has("avatar_url"):
        known.append(
            f"(select max(pa.avatar_url) from {host.avatares.name} pa "
            f"where {host.of_persona(alias)} and not {fills_a_place(host, 'pa.avatar_url')})"
        )
    return first_of(known)


def fills_a_place(host: Host, url: str) -> str:
    """
    Whether an address, an expression, is none or only fills the place of a picture.

    With built-in operators alone: a function of ours would need a right that readers of the view do not have.
    """
    return f"(coalesce({url}, '') ~ {_BLANK} or {is_placeholder(host, url)})"


def is_placeholder(host: Host, url: str) -> str:
    """Whether an address is a placeholder's: an empty one is not."""
    return placeholder(url, host.mapping.placeholder_pictures)


def first_of(expressions: Sequence[str]) -> str:
    """The first that is not null, as SQL; null where there is none."""
    return f"coalesce({', '.join(expressions)})" if expressions else "null::text"


def not_empty(alias: str, column: str) -> str:
    """A column as text, null where it holds nothing but blanks."""
    return f"nullif(btrim({alias}.{quoted(column)}::text), '')"
