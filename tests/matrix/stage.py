"""Everything real around one leg: simulator, HTTP, providers, chain, imaging and Postgres. Only time is played."""

import asyncio
import io
import math
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from PIL import Image
from tests.matrix.tables import LATE, LONG, REFUSED, SILENT, Case

from retrato.domain.errors import RetratoError
from retrato.domain.picture import Drawn, Order, Picture
from retrato.generation.chain import Chain
from retrato.generation.verdict import Fail, Release, Retry, Verdict, verdict
from retrato.imaging.finish import finish
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg, Provider
from retrato.providers.registry import build_providers
from retrato.simulator.ledger import Call
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store.attempts import AttemptLog
from retrato.store.database import Database
from retrato.store.jobs import Jobs
from retrato.store.legs import LegBook

PROMPT = "oil portrait of a captain, CanaryPromptThatStaysOutOfFiles"
SIDE = 512
"""Of the picture, in pixels: nothing here depends on it, and smaller is faster."""
_KEYS = {
    "huggingface_key": "hf_CanaryOfTheMatrix0123456789",
    "pollinations_key": "sk_CanaryOfTheMatrix0123456789",
    "fal_key": "canary-of-the-matrix:CanaryOfTheMatrix0123456789",
    "openai_key": "sk-CanaryOfTheMatrix0123456789",
}
_BUDGET_USD = 1000.0
_CLEARED = """
    delete from retrato.attempts;
    delete from retrato.legs;
    delete from retrato.budget;
    delete from retrato.jobs;
    select retrato.request(array(select id::text from personas), true);
"""
"""What the last play left is gone, and the one persona waits to be drawn."""
_IMPATIENT_S = 0.4

Sleep = Callable[[float], Awaitable[None]]

SIMULATED: Mapping[str, str] = {
    "huggingface/fal-ai": "fal-ai",
    "huggingface/replicate": "replicate",
    "huggingface/wavespeed": "wavespeed",
    "huggingface/endpoint": "endpoint",
    "pollinations/gen": "gen",
    "pollinations/legacy": "legacy",
    "fal/queue": "falqueue",
    "fal/run": "fal",
    "openai/compatible": "openai",
}
"""Leg → what the simulator calls it."""

_BEHIND: Mapping[str, tuple[str, ...]] = {
    "huggingface": ("huggingface", "pollinations"),
    "pollinations": ("pollinations", "huggingface"),
    "fal": ("fal", "pollinations"),
    "openai": ("openai", "pollinations"),
}
"""Provider under test → the whole chain, where it is not alone."""


class PlayedTime:
    """A monotonic clock that only sleeping moves; the database's own times move along with it."""

    def __init__(self, database: Database) -> None:
        self.now = 0.0
        self._database = database

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0.001)
        await self._database.execute(
            """
            update retrato.legs
            set
                closed_until = closed_until - make_interval(secs => $1),
                probing_until = probing_until - make_interval(secs => $1),
                next_at = next_at - make_interval(secs => $1),
                failed_at = failed_at - make_interval(secs => $1)
            """,
            seconds,
        )


class LedBy:
    """A provider whose *leg* is asked first, or is the only one."""

    def __init__(self, inner: Provider, leg: str, *, alone: bool) -> None:
        self.name = inner.name
        self._inner = inner
        self._leg = leg
        self._alone = alone

    async def legs(self) -> Sequence[Leg]:
        legs = await self._inner.legs()
        first = [leg for leg in legs if leg.name == self._leg]
        return first if self._alone else [*first, *(leg for leg in legs if leg.name != self._leg)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the job: who drew it, or what follows now."""

    drawn: Drawn | None = None
    follows: Verdict | None = None
    error: RetratoError | None = None

    def in_words(self) -> str:
        """As the tables say it."""
        match self.follows:
            case Release(delay_s=delay_s):
                return f"release {math.ceil(delay_s)}"
            case Retry(delay_s=delay_s):
                return f"retry {math.ceil(delay_s)}"
            case Fail(fault=fault):
                return f"fail {fault}"
        return "drawn"


class Stage:
    """One job in front of a chain that begins with the leg of *case*."""

    def __init__(
        self, case: Case, database: Database, simulator: Simulator, chain: Chain, *, sleep: Sleep
    ) -> None:
        self.case = case
        self.database = database
        self.ledger = simulator.world.ledger
        self.chain = chain
        self._sleep = sleep
        self.jobs = Jobs(database, replica_id=uuid4(), lease_s=60)

    async def play(self) -> Outcome:
        """Let the chain have its way with the job."""
        (job,) = (await self.jobs.claim(1, pace_s=0)).jobs
        pending = await AttemptLog(self.database).pending(job, version=1)
        try:
            drawn = await self.chain.draw(job, version=1, order_for=self._order_for, pending=pending)
        except RetratoError as error:
            return Outcome(follows=verdict(error, job), error=error)
        else:
            return Outcome(drawn=drawn)
        finally:
            await self.jobs.release(job)

    async def half_a_minute_later(self) -> None:
        """Until the job's next run."""
        await self._sleep(30)

    def _order_for(self, redraw: int) -> Order:
        prompt = f"{PROMPT}{', in oil' * 400}" if self.case.says(LONG) else PROMPT
        return Order(prompt=prompt, seed=1000 + redraw, width=SIDE, height=SIDE)

    def orders(self) -> list[Call]:
        """The orders that reached the leg."""
        return self.ledger.orders(SIMULATED[self.case.leg])

    async def attempts(self) -> list[str]:
        """How each call ended, in order: ``drawn``, the fault, or ``sending`` where it has not."""
        rows = await self.database.fetch("select state, fault from retrato.attempts order by id")
        return [row["fault"] or {"succeeded": "drawn"}.get(row["state"], row["state"]) for row in rows]

    async def breaker(self) -> str:
        """The leg's row in the words of the table."""
        row = await self.database.fetchrow(
            """
            select faults_in_row, extract(epoch from closed_until - failed_at)::float8 as shut_s,
                closed_until > clock_timestamp() as is_shut
            from retrato.legs
            where leg = $1
            """,
            self.case.leg,
        )
        if row is None or not row["faults_in_row"]:
            return "fine"
        if row["is_shut"]:
            return f"shut {row['shut_s']:.0f}"
        return f"{row['faults_in_row']} fault{'s' if row['faults_in_row'] > 1 else ''}"

    async def on_the_books_usd(self) -> float:
        """What the attempts say was spent, or may have been."""
        (row,) = await self.database.fetch("select coalesce(sum(cost_usd), 0)::float8 from retrato.attempts")
        return float(row[0])

    async def texts(self) -> str:
        """Everything that was written down about the calls."""
        rows = await self.database.fetch(
            "select error from retrato.attempts union all select reason from retrato.legs"
        )
        return " ".join(row["error"] or "" for row in rows)


@asynccontextmanager
async def staged(case: Case, database: Database, *, alone: bool) -> AsyncIterator[Stage]:
    """The stage of *case*, its faults scripted; with the rest of the chain behind its leg unless *alone*."""
    await database.execute(_CLEARED)
    time = PlayedTime(database)
    scenario = Scenario(faces=False, longest_wait_seconds=0 if case.says(LATE) else 60)
    async with Simulator(scenario) as simulator:
        for route, faults in case.script_keys(SIMULATED[case.leg]):
            simulator.world.script(route, faults)
        with _unreachable(case.fault) as port:
            async with Http(
                version="1",
                timeout_s=_IMPATIENT_S if case.is_slow else 3,
                connect_timeout_s=_IMPATIENT_S / 2,
                result_timeout_s=_IMPATIENT_S if case.is_slow else 3,
                result_hosts=simulator.urls.result_hosts,
                sleep=time.sleep,
                clock=time.clock,
            ) as http:
                providers = build_providers(_config(case, simulator, port, alone=alone), http)
                led = [LedBy(each, case.leg, alone=alone) for each in providers]
                chain = Chain(
                    led,
                    AttemptLog(database, monthly_budget_usd=_BUDGET_USD),
                    LegBook(database),
                    finish=_finish,
                    sleep=time.sleep,
                    clock=time.clock,
                )
                yield Stage(case, database, simulator, chain, sleep=time.sleep)


async def _finish(data: bytes, width: int, height: int) -> Picture:
    return await finish(data, width=width, height=height)


def _config(case: Case, simulator: Simulator, unreachable_port: int | None, *, alone: bool) -> ProvidersConfig:
    urls = simulator.urls
    provider = case.leg.partition("/")[0]
    config = ProvidersConfig(
        providers=(provider,) if alone else _BEHIND[provider],
        huggingface_router_url=urls.huggingface_router,
        huggingface_hub_url=urls.huggingface_hub,
        huggingface_endpoint_url=urls.huggingface_endpoint if case.leg == "huggingface/endpoint" else None,
        pollinations_url=urls.pollinations,
        pollinations_legacy_url=urls.pollinations_legacy,
        fal_queue_url=urls.fal_queue,
        fal_run_url=urls.fal_run,
        openai_base_url=urls.openai_base,
        openai_model="black-forest-labs/FLUX.1-dev",
        openai_options='{"price_usd": 0.04}',
        **_KEYS,
    )
    if case.leg == "pollinations/legacy":
        config = replace(config, pollinations_key=None)
    if unreachable_port is not None:
        config = replace(config, **{_URL_OF[case.leg]: f"http://127.0.0.1:{unreachable_port}"})
    return config


_URL_OF: Mapping[str, str] = {
    "huggingface/fal-ai": "huggingface_router_url",
    "huggingface/replicate": "huggingface_router_url",
    "huggingface/wavespeed": "huggingface_router_url",
    "huggingface/endpoint": "huggingface_endpoint_url",
    "pollinations/gen": "pollinations_url",
    "pollinations/legacy": "pollinations_legacy_url",
    "fal/queue": "fal_queue_url",
    "fal/run": "fal_run_url",
    "openai/compatible": "openai_base_url",
}


@contextmanager
def _unreachable(fault: str) -> Iterator[int | None]:
    """A port that refuses, or one whose queue is full, so that a connection is neither taken nor refused."""
    if fault not in {REFUSED, SILENT}:
        yield None
        return
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        if fault == SILENT:
            listener.listen(0)
            queued.connect(("127.0.0.1", port))
        yield port


def measured(picture: bytes) -> tuple[str | None, tuple[int, int], dict[int, object]]:
    """Format, size in pixels and EXIF of a picture file."""
    with Image.open(io.BytesIO(picture)) as image:
        return image.format, image.size, dict(image.getexif())
