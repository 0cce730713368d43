"""
What an open page shows, cut into pieces that can be exchanged one by one while it is open.

A scene is named by the page's own address and language, so that all tabs that show the same are one scene: it is
read and rendered once for all of them. Page and live events use the same pieces.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from yarl import URL

from retrato.console.desk import Desk
from retrato.console.outlook import Hindrance
from retrato.console.views import dom_id, render
from retrato.domain.errors import NotFoundError
from retrato.store.console_rows import Card, Company, Counts, GalleryPage, Place
from retrato.store.status import STATES

CARDS_A_PAGE = 48
COMPANIES_A_PAGE = 24
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Pieces:
    """
    A scene as it is now.

    ``html`` holds an element for each id; ``orders`` says for lists that grow and shrink which elements they
    hold, in order. ``empresa_ids`` are the companies whose changes matter here.
    """

    html: Mapping[str, str]
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empresa_ids: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)


class Scene(Protocol):
    """A page that can be looked at again; equal scenes show the same."""

    @property
    def template(self) -> str:
        """File name of the page's template."""

    @property
    def tag(self) -> str:
        """The language."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be ordered here."""

    async def look(self, desk: Desk) -> Pieces:
        """
        What is to be seen now.

        Raises:
            NotFoundError: the company or persona does not exist.
            StoreUnavailableError: the database does not answer.

        """


@dataclass(frozen=True)
class CompaniesScene:
    """``/empresas``: all companies, some at a time."""

    tag: str
    read_only: bool
    text: str = ""
    behind: Company | None = None
    template = "companies.html"

    async def look(self, desk: Desk) -> Pieces:
        """The companies of this page at a glance."""
        page = await desk.reads.companies(text=self.text, behind=self.behind, limit=COMPANIES_A_PAGE)
        sights = await desk.sights(page.companies)
        rows = {dom_id(sight.company.id): render(self.tag, "_company_row.html", sight=sight) for sight in sights}
        empty = render(self.tag, "_no_companies.html", shown=not rows, text=self.text)
        return Pieces(
            {**rows, "empty": empty},
            {"companies": list(rows)},
            frozenset(sight.company.id for sight in sights),
            {
                "scene": self,
                "more": company_cursor(page.companies[-1]) if page.more else None,
            },
        )


@dataclass(frozen=True)
class CompanyScene:
    """``/empresas/{id}``: one company's gallery."""

    tag: str
    read_only: bool
    empresa_id: str
    text: str = ""
    states: tuple[str, ...] = ()
    place: Place | None = None
    template = "company.html"

    async def look(self, desk: Desk) -> Pieces:
        """Head, filters and this page's cards."""
        company = await desk.company(self.empresa_id)
        sight = await desk.sight(company)
        page = await desk.reads.gallery(
            company.id, text=self.text, states=self.states, place=self.place, limit=CARDS_A_PAGE
        )
        told = await self._told(desk, page) if self.text else sight.counts
        cards = {dom_id(card.persona_id): _card(self.tag, self.read_only, card) for card in page.cards}
        return Pieces(
            {
                "summary": render(
                    self.tag, "_summary.html", sight=sight, scene=self, hindrance=_hindrance(sight.remaining)
                ),
                "filters": render(self.tag, "_filters.html", scene=self, counts=told),
                **cards,
                "empty": render(self.tag, "_no_cards.html", shown=not cards, scene=self, counts=sight.counts),
                "paging": render(
                    self.tag,
                    "_paging.html",
                    scene=self,
                    before=place_cursor(page.before) if page.before is not None else None,
                    behind=place_cursor(page.behind) if page.behind is not None else None,
                ),
            },
            {"gallery": list(cards)},
            frozenset([company.id]),
            {"scene": self, "company": company},
        )

    async def _told(self, desk: Desk, page: GalleryPage) -> Counts:
        """Who is found, by state; where all of them are on *page* the database need not look once more."""
        if self.states or page.before is not None or page.behind is not None:
            return await desk.counts(self.empresa_id, self.text)
        return Counts(Counter(card.state for card in page.cards), sum(card.ready for card in page.cards))

    def address(self, **changes: str | None) -> str:
        """Address of the company with these filters changed, from its beginning unless ``at`` tells where."""
        query = {"q": self.text, "state": self.states[0] if len(self.states) == 1 else ""} | changes
        return str(
            URL.build(path=f"/empresas/{self.empresa_id}").with_query(
                {name: value for name, value in query.items() if value}
            )
        )


@dataclass(frozen=True)
class PersonaScene:
    """``/personas/{id}``: one persona with all its versions and calls."""

    tag: str
    read_only: bool
    persona_id: str
    template = "persona.html"

    async def look(self, desk: Desk) -> Pieces:
        """Portrait, versions and calls."""
        sight = await desk.persona(self.persona_id)
        values = {"sight": sight, "scene": self, "can_restore": desk.can_restore and not self.read_only}
        return Pieces(
            {
                "portrait": render(self.tag, "_portrait.html", **values),
                "versions": render(self.tag, "_versions.html", **values),
                "calls": render(self.tag, "_calls.html", **values),
            },
            {},
            frozenset([sight.card.empresa_id]),
            {"scene": self, "sight": sight},
        )


@dataclass(frozen=True)
class WorkshopScene:
    """``/providers``: who draws, with what."""

    tag: str
    read_only: bool
    template = "providers.html"

    async def look(self, desk: Desk) -> Pieces:
        """Money, legs and replicas."""
        shop = await desk.workshop()
        names = ("money", "legs", "comparison", "replicas")
        html = {name: render(self.tag, f"_{name}.html", shop=shop) for name in names}
        return Pieces(html, {}, frozenset(), {"scene": self})


def scene_of(url: URL, tag: str, *, read_only: bool) -> Scene | None:
    """
    The scene at the page address *url*; None where there is no such page.

    Raises:
        NotFoundError: a filter or a place in it is none.

    """
    match url.parts:
        case ("/", "empresas"):
            return CompaniesScene(tag, read_only, text=_text(url), behind=company_behind(url.query.get("after")))
        case ("/", "empresas", empresa_id):
            return CompanyScene(
                tag,
                read_only,
                empresa_id,
                text=_text(url),
                states=_states(url),
                place=place_of(url.query.get("at")),
            )
        case ("/", "personas", persona_id):
            return PersonaScene(tag, read_only, persona_id)
        case ("/", "providers"):
            return WorkshopScene(tag, read_only)
        case _:
            return None


def place_cursor(place: Place) -> str:
    """A place as a word in an address."""
    return _to_word([place.name, place.id, int(place.backwards)])


def place_of(cursor: str | None) -> Place | None:
    """The place behind such a word; None for none. Raises NotFoundError where it is none of ours."""
    match _from_word(cursor):
        case None:
            return None
        case [str(name), str(key), (0 | 1) as backwards]:
            return Place(name, key, bool(backwards))
        case _:
            raise NotFoundError("there is no such page")


def company_cursor(company: Company) -> str:
    """A place in the list of companies as a word in an address."""
    return _to_word([company.name, company.id])


def company_behind(cursor: str | None) -> Company | None:
    """The company behind which a page begins; raises NotFoundError where the word is none of ours."""
    match _from_word(cursor):
        case None:
            return None
        case [str(name), str(key)]:
            return Company(key, name)
        case _:
            raise NotFoundError("there is no such page")


def _to_word(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _from_word(cursor: str | None) -> Any:
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise NotFoundError("there is no such page") from None
    parts = place if isinstance(place, list) else []
    if not all(is_storable(part) for part in parts if isinstance(part, str)):
        raise NotFoundError("there is no such page")
    return place


def is_storable(text: str) -> bool:
    """Whether Postgres takes it: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _text(url: URL) -> str:
    text = url.query.get("q", "").strip()[:_LONGEST_TEXT]
    return text if is_storable(text) else ""


def _states(url: URL) -> tuple[str, ...]:
    states = tuple(dict.fromkeys(url.query.getall("state", ())))
    if not set(states) <= set(STATES):
        raise NotFoundError("there is no such state")
    return states


@lru_cache(maxsize=4096)
def _card(tag: str, read_only: bool, card: Card) -> str:  # noqa: FBT001 - a key of the cache
    """A card is rendered once for each thing that it can say."""
    return render(tag, "_card.html", card=card, read_only=read_only)


def _hindrance(remaining: float | Hindrance | None) -> Hindrance | None:
    return remaining if isinstance(remaining, Hindrance) else None
