"""
The console's reads: companies, galleries, personas, and the marks that tell whether anything has changed.

Written for companies of 10,000 personas: the company is found by the host's own index, the state of each persona
by two hash joins, and what needs a look for each persona is looked up for one page only. At most *at_once* of
them run at the same time: the pool belongs to those who draw.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg

from retrato.domain.errors import NotFoundError, StoreUnavailableError
from retrato.store.console_rows import (
    NOBODYS,
    Call,
    Card,
    CompaniesPage,
    Company,
    Counts,
    GalleryPage,
    LegRecord,
    MonthsCost,
    Place,
    Tempo,
    Version,
)
from retrato.store.console_words import Among, console_words
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.queries import host_query, query, render
from retrato.store.rendered import HostTables, Rendered
from retrato.store.search import sought

_AT_ONCE = 2
_PATIENCE_S = 10.0
_MOST_CALLS = 200


class ConsoleReads:
    """
    Reads for people who look.

    Raises everywhere:
        StoreUnavailableError: the database does not answer, or not within ten seconds.
    """

    def __init__(
        self,
        database: Database,
        host: Host | HostTables,
        *,
        at_once: int = _AT_ONCE,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self._database = database
        self._keys = json.dumps(dict(keys or {}))
        self._turns = asyncio.Semaphore(at_once)
        self._rendered = Rendered(database, host, self._render)

    def _render(self, host: Host) -> Host:
        """The statements that read the tables of *host*."""
        words = console_words(host)
        self._companies = host_query("console_companies", words)
        self._company = host_query("console_company", words)
        self._persona = host_query("console_persona", words)
        nobodys = {**words, "company_among_p": words["company_is_nobodys_p"]}
        self._counts = host_query("console_counts", words)
        self._nobodys_counts = host_query("console_counts", nobodys)
        self._galleries = {
            (is_nobodys, backwards, among): host_query(
                "console_gallery",
                {
                    **(nobodys if is_nobodys else words),
                    "state_among_p": render(among.value, words),
                    "behind": "<" if backwards else ">",
                    "direction": "desc" if backwards else "asc",
                },
            )
            for is_nobodys in (False, True)
            for backwards in (False, True)
            for among in Among
        }
        return host

    async def companies(self, *, text: str = "", behind: Company | None = None, limit: int) -> CompaniesPage:
        """The next *limit* companies by name whose name holds *text*, accents and case aside."""
        start = (behind.name, behind.id) if behind is not None else ("", "")
        rows = await self._fetch_host(lambda: self._companies, *sought(text), *start, limit + 1)
        return CompaniesPage([Company(**dict(row)) for row in rows[:limit]], more=len(rows) > limit)

    async def company(self, empresa_id: str) -> Company:
        """
        One company; its id comes back as the database writes it.

        Raises:
            NotFoundError: there is none.

        """
        rows = await self._fetch_of(empresa_id, lambda: self._company, empresa_id)
        if not rows:
            raise NotFoundError(f"there is no empresa with id {empresa_id!r}")
        return Company(**dict(rows[0]))

    async def counts(self, empresa_ids: Sequence[str], *, text: str = "") -> dict[str, Counts]:
        """Company → its counts, of those whose name or role holds *text*."""
        counts = {empresa_id: Counts() for empresa_id in empresa_ids}
        rows: list[asyncpg.Record] = []
        regular = [empresa_id for empresa_id in empresa_ids if empresa_id != NOBODYS]
        if regular:
            rows += await self._fetch_host(lambda: self._counts, regular, *sought(text))
        if len(regular) < len(empresa_ids):
            rows += await self._fetch_host(lambda: self._nobodys_counts, [NOBODYS], *sought(text))
        for row in rows:
            sofar = counts[row["empresa_id"]]
            counts[row["empresa_id"]] = Counts(
                {**sofar.states, row["state"]: row["personas"]}, sofar.drawable + row["drawable"]
            )
        return counts

    async def gallery(
        self,
        empresa_id: str,
        *,
        text: str = "",
        states: Sequence[str] | None = None,
        place: Place | None = None,
        limit: int,
    ) -> GalleryPage:
        """The *limit* personas by name behind (or before) *place*, or the first ones."""
        backwards = place is not None and place.backwards
        rows = await self._fetch_host(
            lambda: self._galleries[empresa_id == NOBODYS, backwards, Among.of(states)],
            [empresa_id],
            *sought(text),
            list(states) if states else None,
            place.name if place is not None else None,
            place.id if place is not None else None,
            limit + 1,
        )
        cards = [Card(**dict(row)) for row in rows]
        more = len(cards) > limit
        if more:
            cards = cards[1:] if backwards else cards[:limit]
        has_before = more if backwards else place is not None
        has_behind = backwards or more
        return GalleryPage(
            cards,
            before=_place(cards[0], backwards=True) if cards and has_before else None,
            behind=_place(cards[-1], backwards=False) if cards and has_behind else None,
        )

    async def persona(self, persona_id: str) -> Card:
        """
        One persona.

        Raises:
            NotFoundError: there is none.

        """
        rows = await self._fetch_of(persona_id, lambda: self._persona, persona_id)
        if not rows:
            raise NotFoundError(f"there is no persona with id {persona_id!r}")
        return Card(**dict(rows[0]))

    async def versions(self, persona_id: str) -> list[Version]:
        """A persona's finished versions, the newest first."""
        return [Version(**dict(row)) for row in await self._fetch(query("console_versions"), persona_id)]

    async def calls(self, persona_id: str) -> list[Call]:
        """The latest calls to providers for a persona, the newest first."""
        rows = await self._fetch(query("console_attempts"), persona_id, _MOST_CALLS)
        return [Call(**dict(row)) for row in rows]

    async def marks(self, empresa_ids: Sequence[str]) -> dict[str, str]:
        """Company → a mark that moves when something changes there."""
        rows = await self._fetch(query("console_marks"), list(empresa_ids))
        return {row["empresa_id"]: row["mark"] for row in rows}

    async def costs(self, empresa_ids: Sequence[str]) -> dict[str, MonthsCost]:
        """Company → what it has paid this month (UTC)."""
        rows = await self._fetch(query("console_costs"), list(empresa_ids))
        costs = {row["empresa_id"]: MonthsCost(row["cost_usd"], row["of_unknown_cost"]) for row in rows}
        return {empresa_id: costs.get(empresa_id, MonthsCost()) for empresa_id in empresa_ids}

    async def faces(self, empresa_ids: Sequence[str], *, most: int) -> dict[str, Sequence[str]]:
        """Company → keys of its newest thumbnails, at most *most*."""
        rows = await self._fetch(query("console_faces"), list(empresa_ids), most)
        faces = {row["empresa_id"]: row["thumbnail_keys"] for row in rows}
        return {empresa_id: faces.get(empresa_id, ()) for empresa_id in empresa_ids}

    async def tempo(self, empresa_id: str, *, waiting: int, seen_within_s: float) -> Tempo:
        """What an estimate for *waiting* personas of the company rests on."""
        rows = await self._fetch(query("console_tempo"), empresa_id, seen_within_s, waiting)
        return Tempo(**dict(rows[0]))

    async def legs(self) -> list[LegRecord]:
        """All legs that were ever asked, as they are for the accounts whose fingerprints are *keys*."""
        return [LegRecord(**dict(row)) for row in await self._fetch(query("console_legs"), self._keys)]

    async def _fetch_host(self, which: Callable[[], str], *args: Any) -> list[asyncpg.Record]:
        """Rows of a statement that reads the host's tables."""
        return await self._rendered.ask(lambda _: self._fetch(which(), *args))

    async def is_session_ended(self, session_id: str) -> bool:
        """Whether somebody has logged this login of the console out."""
        [row] = await self._fetch(query("find_console_logout"), session_id)
        return bool(row["ended"])

    async def _fetch_of(self, key: str, which: Callable[[], str], *args: Any) -> list[asyncpg.Record]:
        """Rows for a key that came from outside: what can be no key is not found."""
        try:
            return await self._fetch_host(which, *args)
        except asyncpg.DataError as exc:
            raise NotFoundError(f"nothing has the id {key!r}") from exc

    async def _fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        try:
            async with asyncio.timeout(_PATIENCE_S), self._turns:
                return await self._database.fetch(sql, *args)
        except TimeoutError as exc:
            raise StoreUnavailableError(f"no answer within {_PATIENCE_S:g} s") from exc


def _place(card: Card, *, backwards: bool) -> Place:
    return Place(card.name, card.persona_id, backwards)
