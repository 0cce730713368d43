"""The words in braces that the console's queries take from the host."""

from collections.abc import Sequence
from enum import Enum

from retrato.store.console_rows import NOBODYS
from retrato.store.host import Host, quoted
from retrato.store.host_words import first_of, host_words, not_empty
from retrato.store.queries import render
from retrato.store.status import UNDER_WAY

_CARD = """
    p.{personas_id}::text as persona_id,
    {empresa_of_p} as empresa_id,
    page.name,
    {role_of_p} as role,
    {state_of_p} as state,
    {ready_of_p} as ready,
    a.version,
    a.provider,
    a.image_key,
    a.thumbnail_key,
    case when a.version is null then {url_of_p} end as foreign_url,
    a.created_at as generated_at,
    coalesce(j.attempts, 0) as attempts,
    j.last_fault,
    j.last_error,
    case when j.state = 'queued' and j.run_at > now() and j.run_at < 'infinity' then j.run_at end as run_at
"""

_STATE_OF_JOB = "case when j.state = 'queued' and j.attempts > 0 then 'retrying' else j.state end"

# As in the view retrato.persona_status; a version of a time when the persona was in another company counts too.
_STATE = """case
            when j.state is not null then {state_of_job}
            when drawn.persona_id is not null then 'ready'
            when exists (
                select from retrato.avatars v where v.persona_id = p.{personas_id}::text
            ) then 'ready'
            when not {missing_of_p} then 'ready'
            when not {ready_of_p} then 'waiting'
            else 'missing'
        end"""

# The states that a job alone tells.
_OF_JOBS = {*UNDER_WAY, "failed"}


def console_words(host: Host) -> dict[str, str]:
    """All words that ``sql/queries/console_*.sql`` use, but those of a page's direction."""
    words = host_words(host)
    role = first_of([not_empty("p", column) for column in host.fields("role")])
    told = f"concat_ws(chr(10), {words['name_of_p']}, {role})"
    words |= {
        "role_of_p": role,
        "state_of_job": _STATE_OF_JOB,
        "told_of_p": f"($2::text = '' or {told} collate \"C\" ~ $2 or p.{words['personas_id']}::text = $3::text)",
        "companies": _companies(host),
        "the_company": _the_company(host),
        "company_among_p": _company_among(host),
        "company_is_nobodys_p": f"{words['empresa_of_p']} = '{NOBODYS}'",
    }
    words["state_of_p"] = render(_STATE, words)
    words["card_columns"] = render(_CARD, words)
    return words


class Among(Enum):
    """Which states a gallery shows: the fewer tables must be looked at for that, the sooner it is there."""

    ALL = "$4::text[] is null"
    OF_JOBS = "j.state is not null and {state_of_job} = any($4::text[])"
    ANY = "{state_of_p} = any($4::text[])"

    @classmethod
    def of(cls, states: Sequence[str] | None) -> "Among":
        """The narrowest that finds *states*, none for all."""
        if not states:
            return cls.ALL
        return cls.OF_JOBS if set(states) <= _OF_JOBS else cls.ANY


def _company_among(host: Host) -> str:
    """Whether a persona belongs to one of $1, so that the host's index on the company can be used."""
    column = host.key("empresa_id")
    if column is None:
        return "false"
    return f"p.{quoted(column)} = any($1::text[]::{host.personas.columns[column]}[])"


def _has_table(host: Host) -> bool:
    return host.empresas is not None and host.empresas.has("id") and host.key("empresa_id") is not None


def _companies(host: Host) -> str:
    """All companies as a table in parentheses: id, name."""
    empresa_id = host_words(host)["empresa_of_p"]
    if not _has_table(host):
        return f"(select distinct {empresa_id} as id, {empresa_id} as name from {host.personas.name} p)"
    somebody = f"select from {host.personas.name} p where p.{quoted(host.key('empresa_id') or '')} is null"
    return f"({_rows(host)} union all select '{NOBODYS}', '{NOBODYS}' where exists ({somebody}))"


def _the_company(host: Host) -> str:
    """The same of the one company $1, by its table's key."""
    if not _has_table(host):
        return f"(select c.id, c.name from {_companies(host)} c where c.id = $1::text)"
    assert host.empresas is not None
    key = f"nullif($1::text, '{NOBODYS}')::{host.empresas.columns['id']}"
    nobodys = f"select '{NOBODYS}', '{NOBODYS}' where $1::text = '{NOBODYS}'"
    return f"({_rows(host)} where e.{quoted('id')} = {key} union all {nobodys})"


def _rows(host: Host) -> str:
    assert host.empresas is not None
    names = [not_empty("e", column) for column in host.empresas_fields("name")]
    key = f"e.{quoted('id')}::text"
    return f"select {key} as id, {first_of([*names, key])} as name from {host.empresas.name} e"
