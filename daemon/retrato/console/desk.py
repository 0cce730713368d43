"""What can be read and ordered: the pages and the API ask here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from retrato.console.fresh import Fresh
from retrato.console.outlook import Hindrance, remaining_s
from retrato.domain.errors import NotFoundError
from retrato.providers.catalogue import LegInfo
from retrato.providers.comparison import COMPARED, Outlook, first_choice, on_leg, success_rate
from retrato.store.console_reads import ConsoleReads
from retrato.store.console_rows import Call, Card, Company, Counts, LegRecord, MonthsCost, Version
from retrato.store.control import Control, Pause, Scope
from retrato.store.requests import Requests, Wish
from retrato.store.status import MonthsBudget, ReplicaStatus, Status

# How old an answer may be: counts change every second, a month's costs slowly and are dear to add up.
_COUNTS_S = 0.9
_TEMPO_S = 5.0
_COSTS_S = 10.0
_LEGS_S = 3.0

_FACES = 6
_ASKED_WHY = 20
"""So many personas are looked at to tell why none of them was queued."""


class Restorer(Protocol):
    """Brings an old version back."""

    async def restore(self, persona_id: str, version: int) -> object:
        """
        Make *version* the persona's avatar again.

        Raises:
            NotFoundError: there is no such version.

        """


class Result(StrEnum):
    """What became of an order."""

    ACCEPTED = "accepted"
    ALREADY_QUEUED = "already_queued"
    ALREADY_READY = "already_ready"
    NOTHING_FAILED = "nothing_failed"
    NOBODY_READY = "nobody_ready"
    """Those who lack a picture are not ready to be drawn: no name yet, or inactive."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an order: what became of it, and how many personas were queued."""

    result: Result
    enqueued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySight:
    """
    One company at a glance.

    ``remaining`` is None where nothing is under way, but a pause is told before somebody waits for it in vain;
    ``faces`` are keys of its newest thumbnails.
    """

    company: Company
    counts: Counts
    cost: MonthsCost
    remaining: float | Hindrance | None = None
    faces: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSight:
    """One persona with all its versions and calls, the newest first."""

    card: Card
    company: Company
    versions: Sequence[Version]
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSight:
    """One leg: what is known of it, what was seen, and what follows; ``in_use`` as the settings are."""

    info: LegInfo
    record: LegRecord | None
    in_use: bool
    outlooks: Sequence[Outlook]

    @property
    def success_rate(self) -> float | None:
        """The share of the last day's calls that succeeded."""
        if self.record is None:
            return None
        return success_rate(succeeded=self.record.succeeded_24h, failed=self.record.failed_24h)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Who draws, with what: legs, replicas, pauses, money. ``paused_companies`` are those that pauses name."""

    legs: Sequence[LegSight]
    replicas: Sequence[ReplicaStatus]
    pauses: Sequence[Pause]
    paused_companies: Mapping[str, Company]
    budget: MonthsBudget | None
    spent_usd: float
    budget_usd: float | None
    pace_s: float
    poll_s: float
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The settings that the console's words depend on."""

    providers: Sequence[str]
    pace_s: float
    concurrency: int
    poll_s: float
    monthly_budget_usd: float | None = None

    @property
    def seen_within_s(self) -> float:
        """A replica that gave a sign of life within so many seconds lives."""
        return max(30.0, 2 * self.poll_s)


class Desk:
    """Reads, shared for a moment where many ask the same; and orders."""

    def __init__(
        self,
        reads: ConsoleReads,
        status: Status,
        control: Control,
        requests: Requests,
        *,
        terms: Terms,
        catalogue: Sequence[LegInfo],
        restorer: Restorer | None = None,
    ) -> None:
        self.reads = reads
        self.terms = terms
        self._status = status
        self._control = control
        self._requests = requests
        self._catalogue = catalogue
        self._restorer = restorer
        self._fresh = Fresh()

    @property
    def can_restore(self) -> bool:
        """Whether old versions can be brought back."""
        return self._restorer is not None

    async def is_session_ended(self, session_id: str) -> bool:
        """Whether this login was ended before its time."""
        return await self.reads.is_session_ended(session_id)

    async def end_session(self, session_id: str, *, keep_s: float) -> None:
        """End this login for all replicas; remembered for *keep_s* seconds."""
        await self._control.end_session(session_id, keep_s=keep_s)

    async def company(self, empresa_id: str) -> Company:
        """The company; raises NotFoundError where there is none."""
        return await self._fresh.get(
            ("company", empresa_id), lambda: self.reads.company(empresa_id), longest_s=_LEGS_S
        )

    async def counts(self, empresa_id: str, text: str = "") -> Counts:
        """The company's personas by state, of those whose name or role holds *text*."""
        counts = await self._fresh.get(
            ("counts", empresa_id, text),
            lambda: self.reads.counts([empresa_id], text=text),
            longest_s=_COUNTS_S,
        )
        return counts[empresa_id]

    async def sight(self, company: Company) -> CompanySight:
        """The company at a glance."""
        counts = await self.counts(company.id)
        remaining: float | Hindrance | None = await self.remaining(company.id, counts.under_way or 1)
        if not counts.under_way and remaining is not Hindrance.PAUSED:
            remaining = None
        return CompanySight(
            company=company, counts=counts, cost=(await self._costs([company.id]))[company.id], remaining=remaining
        )

    async def sights(self, companies: Sequence[Company]) -> list[CompanySight]:
        """Several companies at a glance, without remaining times."""
        ids = [company.id for company in companies]
        counts = await self._fresh.get(("counts", *ids), lambda: self.reads.counts(ids), longest_s=_COUNTS_S)
        faces = await self._fresh.get(
            ("counts", "faces", *ids), lambda: self.reads.faces(ids, most=_FACES), longest_s=_COUNTS_S
        )
        costs = await self._costs(ids)
        return [
            CompanySight(company=one, counts=counts[one.id], cost=costs[one.id], faces=faces[one.id])
            for one in companies
        ]

    async def remaining(self, empresa_id: str, personas: int) -> float | Hindrance:
        """Seconds that *personas* of the company will take, or why that cannot be told."""
        tempo = await self._fresh.get(
            ("tempo", empresa_id),
            lambda: self.reads.tempo(empresa_id, waiting=personas, seen_within_s=self.terms.seen_within_s),
            longest_s=_TEMPO_S,
        )
        return remaining_s(personas, tempo, pace_s=self.terms.pace_s, concurrency=self.terms.concurrency)

    def price(self, personas: int) -> tuple[float | None, LegInfo | None]:
        """What *personas* pictures cost on the leg that is asked first, None where that is not known; and it."""
        leg = first_choice(self._catalogue, self.terms.providers)
        return (None if leg is None or leg.price_usd is None else personas * leg.price_usd), leg

    async def persona(self, persona_id: str) -> PersonaSight:
        """The persona with all that is known of its pictures; raises NotFoundError where there is none."""
        card = await self.reads.persona(persona_id)
        return PersonaSight(
            card=card,
            company=await self.company(card.empresa_id),
            versions=await self.reads.versions(card.persona_id),
            calls=await self.reads.calls(card.persona_id),
        )

    async def workshop(self, personas: Sequence[int] = COMPARED) -> Workshop:
        """Who draws, with what."""
        return await self._fresh.get(("workshop", *personas), lambda: self._workshop(personas), longest_s=_LEGS_S)

    async def order(self, empresa_id: str, wish: Wish) -> Receipt:
        """Executar, Forçar or once more what failed, for a whole company."""
        enqueued = await self._requests.for_company(empresa_id, wish)
        self.forget_counts()
        if enqueued:
            return Receipt(Result.ACCEPTED, enqueued)
        return Receipt(_why_nothing(await self.counts(empresa_id), wish), 0)

    async def order_for(self, persona_ids: Sequence[str], wish: Wish) -> Receipt:
        """The same for some personas; raises NotFoundError where an id can be nobody's."""
        enqueued = await self._requests.for_personas(persona_ids, wish)
        self.forget_counts()
        if enqueued:
            return Receipt(Result.ACCEPTED, enqueued)
        states: dict[str, int] = {}
        drawable = 0
        for persona_id in persona_ids[:_ASKED_WHY]:
            card = await self.reads.persona(persona_id)
            states[card.state] = states.get(card.state, 0) + 1
            drawable += card.ready
        return Receipt(_why_nothing(Counts(states, drawable), wish), 0)

    async def restore(self, persona_id: str, version: int) -> None:
        """Bring *version* back; raises NotFoundError where there is none, or nobody can."""
        assert self._restorer is not None
        await self._restorer.restore(persona_id, version)
        self.forget_counts()

    def forget_counts(self) -> None:
        """Count anew from now on: something has changed."""
        self._fresh.forget("counts")
        self._fresh.forget("tempo")

    async def _costs(self, empresa_ids: Sequence[str]) -> Mapping[str, MonthsCost]:
        return await self._fresh.get(
            ("costs", *empresa_ids), lambda: self.reads.costs(empresa_ids), longest_s=_COSTS_S
        )

    async def _workshop(self, personas: Sequence[int]) -> Workshop:
        records = {record.leg: record for record in await self.reads.legs()}
        infos = {info.leg: info for info in self._catalogue}
        for leg in records.keys() - infos.keys():
            infos[leg] = _stranger(leg, self._catalogue)
        pauses = await self._control.pauses()
        paused_ids = [pause.name for pause in pauses if pause.scope == Scope.EMPRESA]
        return Workshop(
            legs=[self._leg(info, records.get(leg), personas) for leg, info in infos.items()],
            replicas=await self._status.replicas(seen_within_s=self.terms.seen_within_s),
            pauses=pauses,
            paused_companies={one: await self._company_or_its_id(one) for one in paused_ids},
            budget=await self._status.budget(),
            spent_usd=sum(record.month_usd for record in records.values()),
            budget_usd=self.terms.monthly_budget_usd,
            pace_s=self.terms.pace_s,
            poll_s=self.terms.poll_s,
            concurrency=self.terms.concurrency,
        )

    async def _company_or_its_id(self, empresa_id: str) -> Company:
        """The company; one that is gone goes by its id."""
        try:
            return await self.company(empresa_id)
        except NotFoundError:
            return Company(empresa_id, empresa_id)

    def _leg(self, info: LegInfo, record: LegRecord | None, personas: Sequence[int]) -> LegSight:
        return LegSight(
            info=info,
            record=record,
            in_use=info.usable and info.provider in self.terms.providers,
            outlooks=[
                on_leg(
                    number,
                    info,
                    median_s=record.median_s if record is not None else None,
                    pace_s=self.terms.pace_s,
                    concurrency=self.terms.concurrency,
                )
                for number in personas
            ],
        )


def _why_nothing(counts: Counts, wish: Wish) -> Result:
    """Why an order queued nobody."""
    if wish is Wish.FAILED:
        return Result.NOTHING_FAILED
    if counts.under_way:
        return Result.ALREADY_QUEUED
    return Result.ALREADY_READY if counts.of("ready") else Result.NOBODY_READY


def _stranger(leg: str, catalogue: Sequence[LegInfo]) -> LegInfo:
    """A leg that was asked once and is in no catalogue any more."""
    return replace(
        catalogue[0],
        leg=leg,
        provider=leg.partition("/")[0],
        model="",
        key_setting=None,
        key_present=False,
        usable=False,
        price_usd=None,
        price_source="",
        licence="",
        note="",
    )
