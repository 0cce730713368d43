"""What the console reads, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from retrato.store.status import STATES, UNDER_WAY

NOBODYS = "-"
"""Id of the company of those who have none (``Host``)."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the application; where it has no name, the id stands for it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many personas are in which state; ``drawable`` = ready to be drawn, whatever they have."""

    states: Mapping[str, int] = field(default_factory=dict)
    drawable: int = 0

    def of(self, state: str) -> int:
        """Personas in *state*."""
        return self.states.get(state, 0)

    @property
    def total(self) -> int:
        """All personas."""
        return sum(self.states.get(state, 0) for state in STATES)

    @property
    def under_way(self) -> int:
        """Those that wait for their turn, are being drawn, or wait for another try."""
        return sum(self.of(state) for state in UNDER_WAY)

    @property
    def wanted(self) -> int:
        """Those that Executar would draw: missing or failed."""
        return self.of("missing") + self.of("failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """
    A persona as the gallery shows it.

    The keys are those of its newest version, None where it has none of ours; ``foreign_url`` is then what the
    application shows. ``attempts`` are failed runs of the present job.
    """

    persona_id: str
    empresa_id: str
    name: str
    role: str | None
    state: str
    ready: bool
    version: int | None
    provider: str | None
    image_key: str | None
    thumbnail_key: str | None
    foreign_url: str | None
    generated_at: datetime | None
    attempts: int
    last_fault: str | None
    last_error: str | None
    run_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins or ends: behind (or before) the persona with this name and key."""

    name: str
    id: str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class CompaniesPage:
    """Some companies in order; ``more`` tells whether others follow."""

    companies: Sequence[Company]
    more: bool


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """Some personas in order; where others stand before or behind them, the place to ask from."""

    cards: Sequence[Card]
    before: Place | None
    behind: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One finished version; ``restored_from`` is the one that it is a copy of."""

    version: int
    restored_from: int | None
    image_key: str
    thumbnail_key: str
    width: int
    height: int
    image_bytes: int
    provider: str
    leg: str
    model: str
    prompt: str
    seed: int | None
    steps: int | None
    guidance: float | None
    cost_usd: float | None
    attempts: int
    took_s: float
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to a provider; ``took_s`` is None while it is under way, or where its end is not known."""

    id: int
    version: int
    leg: str
    model: str
    state: str
    fault: str | None
    error: str | None
    cost_usd: float | None
    started_at: datetime
    took_s: float | None


@dataclass(frozen=True, slots=True)
class MonthsCost:
    """What a company has paid this month; pictures of unknown cost are counted."""

    cost_usd: float = 0.0
    of_unknown_cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """
    What an estimate rests on; times in seconds, None where nothing was measured.

    ``ahead``: turns that other companies get meanwhile. ``last_starts_in_s``: when the last one that waits for
    another try may start, None where none does.
    """

    median_s: float | None
    call_median_s: float | None
    replicas: int
    ahead: int
    last_starts_in_s: float | None
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRecord:
    """
    A leg that was asked at least once: breaker, the last 24 hours, this month's money.

    ``state`` and what belongs to it as in `status.LegStatus`.
    """

    leg: str
    state: str
    closed: bool
    suspended_until: datetime | None
    opens_in_s: float | None
    other_key_until: datetime | None
    faults_in_row: int
    last_fault: str | None
    reason: str | None
    succeeded_at: datetime | None
    succeeded_24h: int
    failed_24h: int
    median_s: float | None
    p95_s: float | None
    month_usd: float
