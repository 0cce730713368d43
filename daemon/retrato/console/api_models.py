"""What the JSON API takes and gives; its OpenAPI document is made of these."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from retrato.console.desk import Result
from retrato.console.scenes import is_storable
from retrato.providers.comparison import COMPARED
from retrato.store.status import STATES


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("no database stores this text")
    return text


State = Literal["ready", "running", "queued", "retrying", "failed", "missing", "waiting"]
Text = Annotated[str, AfterValidator(_storable)]
Cursor = Annotated[str, Field(pattern="^[A-Za-z0-9_-]+$", max_length=2000)]
Key = Annotated[Text, Field(min_length=1, max_length=200)]
Switch = Annotated[bool | Literal["true", "false"], AfterValidator(lambda given: given in {True, "true"})]
"""A truth, also as the text that forms and query strings make of it."""
assert set(STATES) == set(State.__args__)  # type: ignore[attr-defined]


class Given(BaseModel):
    """What comes from outside: nothing is guessed, nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """What goes out, made of the objects that the desk gives."""

    model_config = ConfigDict(from_attributes=True)


class CompaniesQuery(BaseModel):
    """Which companies."""

    q: Annotated[Text, Field(max_length=100, description="text in the name, accents and case aside")] = ""
    after: Annotated[Cursor | None, Field(description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 24


class PersonasQuery(BaseModel):
    """Which personas of a company."""

    q: Annotated[Text, Field(max_length=100, description="text in name or role, accents and case aside")] = ""
    state: Annotated[list[State], Field(max_length=7, description="only these states")] = []
    at: Annotated[Cursor | None, Field(description="`next` or `previous` of another page")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 48


class ProvidersQuery(BaseModel):
    """For how many personas the legs are compared."""

    personas: Annotated[list[Annotated[int, Field(ge=1, le=1_000_000)]], Field(max_length=10)] = list(COMPARED)


class _Ordering(Given):
    """
    What the card of the replaced script sends besides (docs/replacing-05b.md).

    Its ``empresaId`` and ``personaId`` say again whom the address names, and ``force_mode`` is ``force``.
    """

    force: Switch = False
    force_mode: Annotated[Switch, Field(description="the same as `force`")] = False
    empresa_id: Annotated[
        Key | None,
        Field(validation_alias="empresaId", description="the company of the address"),
    ] = None
    persona_id: Annotated[
        Key | None, Field(validation_alias="personaId", description="the persona of the address, or the only one")
    ] = None
    script_name: Annotated[
        str | None,
        Field(validation_alias="scriptName", pattern="05[Bb]", max_length=200, description="the replaced script"),
    ] = None

    @property
    def is_forced(self) -> bool:
        """Forçar."""
        return bool(self.force or self.force_mode)


class Generate(_Ordering):
    """
    What to draw.

    Without anything: Executar, what is missing or failed. ``force``: Forçar, a new version for everybody who is
    ready. ``retry_failed``: only what has failed. ``persona_ids``: only these.
    """

    retry_failed: Switch = False
    persona_ids: Annotated[list[Key] | None, Field(min_length=1, max_length=500)] = None


class GenerateOne(_Ordering):
    """What to draw for one persona; ``force`` although it has a picture."""


class Restore(Given):
    """Which version shall be the avatar again."""

    version: Annotated[int, Field(ge=1, le=2_000_000_000)]


class Ordered(Shown):
    """What became of an order, and how many personas were queued."""

    result: Result
    enqueued: int


class Restored(Shown):
    """The version that is the avatar again."""

    version: int


class CompanyOut(Shown):
    """A company; ``remaining_s`` is null where nothing is under way or nothing can be told."""

    id: str
    name: str
    states: dict[State, int]
    total: int
    drawable: int
    cost_usd: float
    pictures_of_unknown_cost: int
    remaining_s: float | None


class CompaniesOut(Shown):
    """One page of companies by name; ``next`` goes into ``after``."""

    items: Sequence[CompanyOut]
    next: str | None


class PersonaOut(Shown):
    """A persona; addresses of pictures begin at the console's root, or are the application's own."""

    persona_id: str
    empresa_id: str
    name: str
    role: str | None
    state: State
    ready: bool
    version: int | None
    provider: str | None
    picture: str | None
    thumbnail: str | None
    generated_at: datetime | None
    attempts: int
    last_fault: str | None
    last_error: str | None
    run_at: datetime | None


class PersonasOut(Shown):
    """One page of personas by name; ``next`` and ``previous`` go into ``at``."""

    items: Sequence[PersonaOut]
    next: str | None
    previous: str | None


class VersionOut(Shown):
    """A finished version."""

    version: int
    restored_from: int | None
    picture: str
    thumbnail: str
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


class CallOut(Shown):
    """A call to a provider."""

    id: int
    version: int
    leg: str
    model: str
    state: Literal["sending", "succeeded", "failed"]
    fault: str | None
    error: str | None
    cost_usd: float | None
    started_at: datetime
    took_s: float | None


class PersonaDetail(Shown):
    """A persona with its versions and calls, the newest first."""

    persona: PersonaOut
    versions: Sequence[VersionOut]
    calls: Sequence[CallOut]


class OutlookOut(Shown):
    """What so many pictures would cost and take on one leg; null where it is not known."""

    personas: int
    cost_usd: float | None
    time_s: float | None


class LegOut(Shown):
    """
    A leg: breaker, the last 24 hours, this month's money.

    ``state``: available, suspended or probing; null where it was never asked.
    """

    leg: str
    model: str
    in_use: bool
    key_present: bool
    price_usd: float | None
    state: str | None
    closed: bool
    suspended_until: datetime | None
    opens_in_s: float | None
    last_fault: str | None
    succeeded_at: datetime | None
    succeeded_24h: int
    failed_24h: int
    median_s: float | None
    p95_s: float | None
    month_usd: float
    outlooks: Sequence[OutlookOut]


class ReplicaOut(Shown):
    """A living replica; ``listens`` = it hears the bell, else it polls."""

    replica_id: str
    version: str
    listens: bool
    started_at: datetime
    silent_s: float
    running: int


class ProvidersOut(Shown):
    """Who draws, with what."""

    legs: Sequence[LegOut]
    replicas: Sequence[ReplicaOut]
    spent_usd: float
    monthly_budget_usd: float | None


class ErrorOut(Shown):
    """Why there is no other answer: a word for programs, a sentence for people."""

    error: str
    message: str
