"""Which RETRATO_READY_WHEN fits: who has a prompt of the application's, and when the application writes it."""

from dataclasses import dataclass

from retrato.store.database import Connection
from retrato.store.host import Host, quoted
from retrato.store.host_words import first_of, host_words, not_empty, ready_prompt
from retrato.store.mapping import ReadyWhen

_MOST_LOOKED_AT = 100_000
"""Personas, the newest first where their age is known: what an application did long ago tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPrompts:
    """
    Of so many ``personas`` with a name, so many are ``prompted``.

    ``later`` = for how many of them the row that holds the prompt is younger than the persona; None where the
    tables do not tell their age.
    """

    columns: tuple[str, ...]
    personas: int
    prompted: int
    later: int | None

    @property
    def fits(self) -> ReadyWhen:
        """
        ``prompt`` where most personas get one, else ``name``.

        With ``prompt`` those without one would wait for ever; with ``name`` they are drawn before theirs is there.
        """
        return "prompt" if self.personas and self.prompted * 2 > self.personas else "name"

    def __str__(self) -> str:
        """What was seen, and what follows from it, in a sentence."""
        told = (
            f"{self.prompted} of {self.personas} personas have a ready prompt ({', '.join(self.columns)}), "
            f"{self.personas - self.prompted} have none"
        )
        if self.later is not None and self.prompted:
            told += f"; for {self.later} it was written after the persona"
        if self.fits == "prompt":
            why = "with name a persona would be drawn before its prompt is there"
        else:
            why = "with prompt those without one would wait for ever"
        return f"{told}: RETRATO_READY_WHEN={self.fits} fits, {why}"


async def look(connection: Connection, host: Host) -> ReadyPrompts | None:
    """Count; None where no column could hold a ready prompt, or nobody is there yet."""
    own, theirs = host.fields("ready_prompt"), host.prompts()
    if not own and not theirs:
        return None
    is_installed = await connection.fetchval("select to_regclass('retrato.avatars')") is not None
    row = await connection.fetchrow(_counts(host, is_installed=is_installed))
    assert row is not None
    if not row["personas"]:
        return None
    return ReadyPrompts(
        columns=tuple(dict.fromkeys([*own, *theirs])),
        personas=row["personas"],
        prompted=row["prompted"],
        later=row["later"],
    )


def _counts(host: Host, *, is_installed: bool) -> str:
    words = host_words(host)
    prompted = [f"{not_empty('p', column)} is not null" for column in host.fields("ready_prompt")]
    later = "null::bigint"
    born = host.key("created_at")
    if host.prompts():
        assert host.avatares is not None
        # What Retrato wrote itself is none of the application's.
        prompt = (
            ready_prompt(host, "pa", "p")
            if is_installed
            else first_of([not_empty("pa", column) for column in host.prompts()])
        )
        rows = f"from {host.avatares.name} pa where {host.of_persona('p')} and {prompt} is not null"
        prompted.append(f"exists (select {rows})")
        if born is not None and _is_time(host.personas.columns[born]) and host.avatares.has("created_at"):
            after = f"pa.created_at > p.{quoted(born)}"
            later = f"count(*) filter (where exists (select {rows} and {after}))"
    order = f"order by p.{quoted(born)} desc nulls last" if born is not None else ""
    return f"""
select count(*) as personas, count(*) filter (where {" or ".join(prompted)}) as prompted, {later} as later
from (select * from {host.personas.name} p where {words["named_of_p"]} {order} limit {_MOST_LOOKED_AT}) p
"""


def _is_time(type_name: str) -> bool:
    return type_name.startswith(("timestamp", "date"))
