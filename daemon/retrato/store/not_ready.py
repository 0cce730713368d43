"""Why personas are not ready to be drawn: for people who wonder why nothing comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_words import has_name, host_words, not_empty
from retrato.store.queries import host_query


class Reason(StrEnum):
    """What a persona lacks."""

    NAME = "name"
    """It is empty or begins with ``[``."""
    INACTIVE = "inactive"
    """Its status says that it is not in use."""
    PROMPT = "prompt"
    """The application's, for which it waits with ``RETRATO_READY_WHEN=prompt``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """So many ``personas`` for one reason; the flag of ``flagged`` of them is raised, and stays so until then."""

    reason: Reason
    personas: int
    flagged: int


async def count_not_ready(
    database: Database,
    host: Host,
    *,
    empresa_id: str | None,
    persona_ids: Sequence[str] | None,
    with_picture: bool,
) -> list[NotReady]:
    """
    Those of a company, or some personas, that are not drawn because they are not ready.

    *with_picture*: also those who have a picture already, and whom Forçar passes over. Those whose flag is raised
    always count.
    """
    sql = host_query("count_not_ready", _words(host))
    rows = await database.fetch(sql, empresa_id, persona_ids, with_picture)
    return [
        NotReady(reason=Reason(row["reason"]), personas=row["personas"], flagged=row["flagged"]) for row in rows
    ]


def _words(host: Host) -> dict[str, str]:
    own = [f"{not_empty('p', column)} is not null" for column in host.fields("ready_prompt")]
    waits_for_own = host.mapping.ready_when == "prompt" and not host.prompts()
    return {
        **host_words(host),
        "has_name_of_p": f"({has_name(host, 'p')})",
        "has_own_prompt_of_p": f"({' or '.join(own)})" if waits_for_own else "true",
    }
