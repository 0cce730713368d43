"""All that draws, ready to run."""

import asyncio
import concurrent.futures.thread  # noqa: F401 - asyncio would import it when the first thread is needed
import encodings.idna  # noqa: F401 - the same, with the first name that is looked up
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

import structlog
from PIL import Image

from retrato.app.base import Base
from retrato.app.console import open_desk
from retrato.app.legs import LegAvailabilityReader, account_keys
from retrato.app.providers import open_providers, providers_config
from retrato.app.public_url import open_address
from retrato.app.wording import parsed_templates, wording
from retrato.console.desk import Desk
from retrato.console.server import Console
from retrato.domain.errors import (
    ConfigError,
    NotMigratedError,
    StorageError,
    StoreAwayError,
    StoreUnavailableError,
)
from retrato.generation.chain import Chain
from retrato.generation.pipeline import Pipeline
from retrato.generation.store_guard import StoreGuard
from retrato.imaging.finish import finish
from retrato.metrics.metrics import Metrics
from retrato.notify import Notifier
from retrato.prompts import compose
from retrato.providers.leg import Provider
from retrato.services.dispatcher import SHORTEST_POLL, Dispatcher
from retrato.services.holdings import Holdings
from retrato.services.housekeeper import Housekeeper
from retrato.services.keeper import Keeper
from retrato.services.listener import Listener
from retrato.services.public_address import PublicAddress
from retrato.services.recall import Recall
from retrato.services.reporter import Reporter
from retrato.services.schema_guard import SchemaGuard
from retrato.services.worker import Worker
from retrato.settings import Settings, plain
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore
from retrato.store import migrations
from retrato.store.addresses import Addresses
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars
from retrato.store.chores import Chores
from retrato.store.drift import drift
from retrato.store.garbage import Garbage
from retrato.store.gauges import Gauges
from retrato.store.jobs import Jobs
from retrato.store.legs import LegBook
from retrato.store.requests import Requests
from retrato.supervise import Pulse, Service, failed, supervise, wait_for_any
from retrato.version import VERSION

log = structlog.get_logger()

_STOP_MARGIN_S = 15.0
"""Beyond the grace time: hand jobs back, close connections."""
_ALIVE_WITHIN_S = 30.0
_STALLED_AFTER_S = 600.0
"""On top of the times that the settings give a part to sleep: statements on a very slow database end sooner."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that draws, ready to run."""

    dispatcher: Dispatcher
    keeper: Keeper
    listener: Listener
    housekeeper: Housekeeper
    recall: Recall
    leg_availability: LegAvailabilityReader
    address: PublicAddress
    guard: SchemaGuard
    reporter: Reporter
    console: Console | None
    desk: Desk | None
    metrics: Metrics
    grace_s: float

    def repace(self, pace_s: float) -> None:
        """Keep another pace from the next start on."""
        self.dispatcher.repace(pace_s)
        if self.desk is not None:
            self.desk.terms = replace(self.desk.terms, pace_s=pace_s)

    async def run(self, stop: asyncio.Event, *others: Service) -> None:
        """
        Run all services, and *others* beside them, until *stop* and the drain after it.

        Only the first three draw and keep leases, and may end it all; *others* support them like the rest.

        Raises:
            NotMigratedError: the schema does not serve this release any more; the services have drained and ended.

        """
        drawing: list[Service] = [self.dispatcher, self.keeper, self.listener]
        supporting: list[Service] = [self.housekeeper, self.recall, self.address, self.reporter, *others]
        if self.console is not None:
            supporting.append(self.console)
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(
                supervise(
                    drawing,
                    supporting=supporting,
                    on_failure=self.metrics.service_failed,
                    stop=over,
                    limit_s=self.grace_s + _STOP_MARGIN_S,
                )
            )
            await wait_for_any(stop, self.guard.refused, timeout_s=None)
            if stop.is_set():
                self.reporter.stopping()
            over.set()
        if self.guard.reason is not None:
            raise self.guard.reason


def check_settings(settings: Settings) -> None:
    """
    Say what `open_daemon` would refuse, before anybody waits for a database.

    Raises:
        ConfigError: a provider, a key, a prompt's template or the store's address is wrong.

    """
    providers_config(settings)
    parsed_templates(settings)
    open_store(settings.storage_url_or_default, public_url="")


@asynccontextmanager
async def open_daemon(
    settings: Settings,
    base: Base,
    dsn: str,
    *,
    hurry: asyncio.Event,
    console: Console | None = None,
    pages: bool = True,
    empresa_id: str | None = None,
    notifier: Notifier | None = None,
) -> AsyncIterator[Daemon]:
    """
    Build the daemon on an open *base*.

    *hurry* ends the grace time early; *console*, already listening, gets something to be ready for and, where it
    serves them, the pictures, with *pages* the pages too; *empresa_id* limits the work to one company; *notifier*
    is told how things are.

    Raises:
        ConfigError: what `check_settings` refuses.

    """
    compose.read_all()
    Image.preinit()  # the formats that Pillow would import at the first picture
    async with AsyncExitStack() as stack:
        store = open_store(settings.storage_url_or_default, public_url="")
        address = open_address(settings, store, Addresses(base.shared, base.tables.host), console)
        metrics = Metrics()
        guard = SchemaGuard(
            lambda: _require_schema(base),
            check_strictly=lambda: _require_all(base),
            inspect=lambda: _inspect(base),
            metrics=metrics,
        )
        pulse = Pulse(limit_s=_STALLED_AFTER_S + 2 * settings.poll_seconds + settings.lease_seconds)
        keys = await account_keys(settings, base.status)
        desk = None
        if console is not None:
            console.ready_when(lambda: _ready(base, guard, address))
            console.alive_while(pulse)
        providers = await stack.enter_async_context(open_providers(settings))
        _expect(metrics, providers)
        gauges = _gauges(settings, base, metrics, keys)
        if console is not None:
            console.measure(metrics)
            if console.serves_pictures:
                await _show(console, store, settings, metrics=metrics)
            desk = _open_pages(console, settings, base, metrics=metrics, keys=keys) if pages else None
        holdings = Holdings(lease_s=settings.lease_seconds, clock=time.monotonic)
        jobs = Jobs(
            base.database,
            replica_id=holdings.replica_id,
            lease_s=settings.lease_seconds,
            look_back_every_s=SHORTEST_POLL * settings.poll_seconds,  # every poll sees everything
        )
        attempts = AttemptLog(base.database, monthly_budget_usd=settings.monthly_budget_usd, keys=keys)
        legs = LegBook(base.database, keys=keys)
        chain = Chain(
            providers,
            attempts,
            legs,
            finish=lambda data, width, height: finish(data, width=width, height=height),
            may_start=holdings.may_start,
            waits_s=settings.retry_waits_seconds,
            deadline_s=settings.job_deadline_seconds,
            refusal_policy=settings.refusal_policy,
            metrics=metrics,
        )
        pipeline = Pipeline(
            base.personas,
            attempts,
            chain,
            store,
            prompt_for=wording(settings, base).prompt_for,
            guard=StoreGuard(Garbage(base.database, base.tables), store),
            require_address=address.require,
            metrics=metrics,
        )
        worker = Worker(
            jobs,
            Avatars(base.database),
            pipeline,
            holdings=holdings,
            most_attempts=settings.max_job_attempts,
            catch_up=attempts.catch_up,
            guard=guard,
            metrics=metrics,
        )
        wake = asyncio.Event()
        keeper = Keeper(
            jobs,
            holdings=holdings,
            wake=wake,
            version=VERSION,
            poll_s=settings.poll_seconds,
            guard=guard,
            metrics=metrics,
            pulse=pulse,
        )
        listener = Listener(
            _listen_address(settings, dsn), wake=wake, holdings=holdings, guard=guard, metrics=metrics
        )
        await keeper.beat()  # the replica's row is there before it works
        try:
            await address.require()
        except StoreAwayError as exc:
            log.warning("address.unknown", reason=str(exc))
        with suppress(StoreUnavailableError):  # then before the first paid call
            await attempts.count_earlier()
        yield Daemon(
            dispatcher=Dispatcher(
                jobs,
                worker,
                holdings=holdings,
                wake=wake,
                hurry=hurry,
                concurrency=settings.concurrency,
                pace_s=settings.pace_seconds,
                poll_s=settings.poll_seconds,
                grace_s=settings.grace_seconds,
                empresa_id=empresa_id,
                guard=guard,
                metrics=metrics,
                pulse=pulse,
            ),
            keeper=keeper,
            listener=listener,
            housekeeper=Housekeeper(
                Chores(base.shared, base.tables),
                Requests(base.shared, base.tables),
                sweep=settings.sweep,
                keep_attempts_days=settings.keep_attempts_days,
                guard=guard,
                metrics=metrics,
            ),
            recall=Recall(legs, wake=wake, poll_s=settings.poll_seconds, metrics=metrics),
            leg_availability=LegAvailabilityReader(
                providers,
                base.status,
                base.control,
                keys=keys,
                monthly_budget_usd=settings.monthly_budget_usd,
            ),
            address=address,
            guard=guard,
            reporter=Reporter(
                notifier or Notifier(None),
                pulse=pulse,
                holdings=holdings,
                listener=listener,
                jobs=metrics.jobs,
                queue=gauges,
                on_failure=metrics.service_failed,
            ),
            console=console,
            desk=desk,
            metrics=metrics,
            grace_s=settings.grace_seconds,
        )


async def _ready(base: Base, guard: SchemaGuard, address: PublicAddress) -> None:
    if guard.reason is not None:
        raise guard.reason
    await base.status.ping()
    address.check()
    if drift := await guard.look():
        raise NotMigratedError("; ".join(drift))


async def _require_schema(base: Base) -> None:
    (await base.status.standing()).require()


async def _require_all(base: Base) -> None:
    """What a daemon needs to begin, and the tables as they are now."""
    try:
        await base.tables.read_again()
        async with base.database.connection() as connection:
            await migrations.require(connection, base.tables.host.mapping)
    except ConfigError as exc:
        raise NotMigratedError(str(exc)) from exc


async def _inspect(base: Base) -> Sequence[str]:
    with suppress(ConfigError):  # told below
        await base.tables.read_again()
    async with base.shared.connection() as connection:
        return await drift(connection, base.tables.host.mapping)


def _open_pages(
    console: Console, settings: Settings, base: Base, *, metrics: Metrics, keys: Mapping[str, str]
) -> Desk | None:
    """Serve the pages; what is wrong with them is told, and drawing begins without."""
    try:
        desk = open_desk(settings, base, keys=keys)
        console.open_pages(desk)
    except Exception as exc:  # noqa: BLE001 - not needed for drawing
        failed(console.name, exc, on_failure=metrics.service_failed)
        return None
    return desk


async def _show(console: Console, store: PictureStore, settings: Settings, *, metrics: Metrics) -> None:
    """Serve the pictures; where a bucket shall hand them out itself, the pages must be allowed to show them."""
    origin = None
    try:
        if settings.signed_url_seconds is not None:
            origin = await store.origin()
    except StorageError as exc:  # e.g. where keys are fetched, nobody answers yet
        log.warning("store.not_signing", error=str(exc))
    except Exception as exc:  # noqa: BLE001 - not needed for drawing
        failed(console.name, exc, on_failure=metrics.service_failed)
    console.show(store, signed_url_s=settings.signed_url_seconds, picture_origin=origin)


def _expect(metrics: Metrics, providers: Sequence[Provider]) -> None:
    """Counts that are there from the beginning."""
    metrics.jobs.expect(provider.name for provider in providers)
    metrics.calls.expect(info.leg for provider in providers for info in provider.catalogue())


def _gauges(settings: Settings, base: Base, metrics: Metrics, keys: Mapping[str, str]) -> Gauges:
    """What is true of the whole database, shown with *metrics* on scrape."""
    gauges = Gauges(
        base.shared,
        metrics,
        budget_usd=settings.monthly_budget_usd,
        alive_within_s=max(_ALIVE_WITHIN_S, 2 * settings.poll_seconds),
        keys=keys,
    )
    metrics.add(gauges, gauges.refresh)
    return gauges


def _listen_address(settings: Settings, dsn: str) -> str:
    return plain(settings.listen_database_url) or dsn
