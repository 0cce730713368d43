"""
The composition root: builds everything from the settings, in the order in which the parts depend on each other.

    database_address   where the database is: the settings', or an embedded one's
    open_base          pool, host tables, migrations checked; enough for commands that read and ask
    open_daemon        all that draws: providers, chain, pipeline, dispatcher, keeper, listener, console
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import SecretStr

from retrato.console.server import Console
from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.embedded.server import EmbeddedPostgres
from retrato.generation.chain import Chain
from retrato.generation.pipeline import Pipeline
from retrato.imaging.finish import finish
from retrato.prompts.compose import compose
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Provider
from retrato.providers.registry import build_providers, with_keys
from retrato.services.dispatcher import Dispatcher
from retrato.services.holdings import Holdings
from retrato.services.keeper import Keeper
from retrato.services.listener import Listener
from retrato.services.worker import Worker
from retrato.settings import Settings
from retrato.storage.location import open_store
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.jobs import Jobs
from retrato.store.legs import LegBook
from retrato.store.migrations import what_is_missing
from retrato.store.personas import Personas
from retrato.store.requests import Requests
from retrato.store.status import Status
from retrato.supervise import Service, backoff, supervise, wait_for_any
from retrato.version import VERSION

log = structlog.get_logger()

_ONE_SHOT_TRIES = 4
_STOP_MARGIN_S = 15.0
"""Beyond the grace time: hand jobs back, close connections."""


@contextmanager
def database_address(settings: Settings) -> Iterator[str]:
    """
    The database's address; where none is set, that of an embedded Postgres, which lives as long as this block.

    Raises:
        ConfigError: none is set where an embedded one would be a surprise: under systemd or in a container.

    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    surroundings = _surroundings()
    if surroundings and not settings.embedded:
        raise ConfigError(
            f"RETRATO_DATABASE_URL is not set, and this process runs {surroundings}: set it to the application's "
            "database, or set RETRATO_EMBEDDED=true to use a Postgres of our own"
        )
    with EmbeddedPostgres(settings.data_dir) as server:
        log.info(
            "embedded.started" if server.owned else "embedded.found",
            data_dir=str(settings.data_dir),
            reason="RETRATO_DATABASE_URL is not set",
        )
        yield server.dsn


def _surroundings() -> str | None:
    if "INVOCATION_ID" in os.environ:
        return "under systemd"
    if "KUBERNETES_SERVICE_HOST" in os.environ or "container" in os.environ:
        return "in a container"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "in a container"
    return None


@dataclass(frozen=True, slots=True)
class Base:
    """An open, migrated database and what can be asked of it."""

    database: Database
    host: Host
    personas: Personas
    requests: Requests
    status: Status


@asynccontextmanager
async def open_base(
    settings: Settings, dsn: str, *, stop: asyncio.Event | None = None
) -> AsyncIterator[Base | None]:
    """
    Open the database and check that it is migrated.

    With *stop* (the daemon) a database that is away is waited for until *stop* is set; then None comes out.
    Without, a few tries are made.

    Raises:
        StoreUnavailableError: the database was away for all tries.
        NotMigratedError: `retrato migrate` has not run, or ran from another release.

    """
    database = Database(dsn, statement_cache_size=settings.statement_cache_size)
    try:
        if not await _opened(database, stop):
            yield None
            return
        async with database.connection() as connection:
            missing = await what_is_missing(connection)
            if missing:
                raise NotMigratedError(f"{'; '.join(missing)}: run `retrato migrate`")
            host = await Host.read(connection)
        yield Base(
            database=database,
            host=host,
            personas=Personas(database, host),
            requests=Requests(database),
            status=Status(database),
        )
    finally:
        await database.close()


async def _opened(database: Database, stop: asyncio.Event | None) -> bool:
    waits = backoff(first_s=0.5)
    tries = 0
    while True:
        tries += 1
        try:
            await database.open()
        except StoreUnavailableError as exc:
            if stop is None and tries >= _ONE_SHOT_TRIES:
                raise
            wait_s = next(waits)
            log.warning("database.away", error=str(exc), again_in_s=round(wait_s, 1))
            await wait_for_any(stop or asyncio.Event(), timeout_s=wait_s)
            if stop is not None and stop.is_set():
                return False
        else:
            return True


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that draws, ready to run."""

    dispatcher: Dispatcher
    keeper: Keeper
    listener: Listener
    console: Console | None
    grace_s: float

    async def run(self, stop: asyncio.Event) -> None:
        """Run all services until *stop* and the drain after it."""
        services: list[Service] = [self.dispatcher, self.keeper, self.listener]
        if self.console is not None:
            services.append(self.console)
        await supervise(services, stop=stop, limit_s=self.grace_s + _STOP_MARGIN_S)


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
) -> AsyncIterator[Daemon]:
    """
    Build the daemon on an open *base*.

    *hurry* ends the grace time early; *console*, already listening, gets something to be ready for and, with
    *pages*, the pictures; *empresa_id* limits the work to one company.

    Raises:
        ConfigError: a provider is unknown or lacks its key, or the store's address is wrong.

    """
    async with AsyncExitStack() as stack:
        store = open_store(settings.storage_url_or_default, public_url=_public_url(settings, console, pages=pages))
        if console is not None:
            console.ready_when(base.status.ping)
            if pages:
                console.show(store)
        providers = await stack.enter_async_context(open_providers(settings))
        holdings = Holdings(lease_s=settings.lease_seconds, clock=time.monotonic)
        jobs = Jobs(base.database, replica_id=holdings.replica_id, lease_s=settings.lease_seconds)
        attempts = AttemptLog(base.database, monthly_budget_usd=settings.monthly_budget_usd)
        chain = Chain(
            providers,
            attempts,
            LegBook(base.database),
            finish=lambda data, width, height: finish(data, width=width, height=height),
            may_start=holdings.may_start,
            waits_s=settings.retry_waits_seconds,
            deadline_s=settings.job_deadline_seconds,
            refusal_policy=settings.refusal_policy,
        )
        pipeline = Pipeline(base.personas, attempts, chain, store, compose=compose)
        worker = Worker(
            jobs,
            Avatars(base.database, base.host),
            pipeline,
            holdings=holdings,
            most_attempts=settings.max_job_attempts,
        )
        wake = asyncio.Event()
        keeper = Keeper(jobs, holdings=holdings, wake=wake, version=VERSION, poll_s=settings.poll_seconds)
        await keeper.beat()  # the replica's row is there before it works
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
            ),
            keeper=keeper,
            listener=Listener(_listen_address(settings, dsn), wake=wake, holdings=holdings),
            console=console,
            grace_s=settings.grace_seconds,
        )


@asynccontextmanager
async def open_providers(settings: Settings) -> AsyncIterator[tuple[Provider, ...]]:
    """
    The configured providers on one HTTP client.

    Raises:
        ConfigError: a provider is unknown or lacks its key.

    """
    config = providers_config(settings)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            Http(
                version=VERSION,
                timeout_s=settings.request_timeout_seconds,
                result_hosts=settings.result_hosts,
            )
        )
        providers = build_providers(config, http)
        for provider in providers:
            stack.push_async_callback(provider.close)
        yield providers


def providers_config(settings: Settings) -> ProvidersConfig:
    """
    What the providers are built from; a provider of the default order that lacks its key is left out, aloud.

    Raises:
        ConfigError: a provider that was named lacks its key, or a value cannot be one; the message names the
            setting.

    """
    config = ProvidersConfig(
        providers=settings.providers,
        huggingface_key=_plain(settings.huggingface_api_key),
        huggingface_model=settings.huggingface_model,
        huggingface_router_url=settings.huggingface_router_url,
        huggingface_hub_url=settings.huggingface_hub_url,
        huggingface_endpoint_name=settings.huggingface_endpoint_name,
        huggingface_endpoints_api_url=settings.huggingface_endpoints_api_url,
        huggingface_namespace=settings.huggingface_namespace,
        huggingface_bill_to=settings.huggingface_bill_to,
        pollinations_key=_plain(settings.pollinations_api_key),
        pollinations_url=settings.pollinations_url,
        pollinations_legacy_url=settings.pollinations_legacy_url,
        fal_key=_plain(settings.fal_key),
        fal_model=settings.fal_model,
        fal_queue_url=settings.fal_queue_url,
        fal_run_url=settings.fal_run_url,
        openai_key=_plain(settings.openai_api_key),
        openai_model=settings.openai_model,
        openai_base_url=settings.openai_base_url,
        openai_options=_plain(settings.openai_options),
    )
    return with_keys(config, named="providers" in settings.model_fields_set)


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _listen_address(settings: Settings, dsn: str) -> str:
    return _plain(settings.listen_database_url) or dsn


@asynccontextmanager
async def open_console(settings: Settings) -> AsyncIterator[Console]:
    """A console that listens, or has said why it does not."""
    console = Console(settings.console_host, settings.console_port)
    try:
        await console.listen()
        yield console
    finally:
        await console.close()


_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what people write, and where it can be reached


def _public_url(settings: Settings, console: Console | None, *, pages: bool) -> str:
    """The prefix of the addresses that are written back."""
    if settings.public_url is not None:
        return settings.public_url
    if settings.console_host in _ANYWHERE or not pages:
        log.warning(
            "setting.missing",
            name="RETRATO_PUBLIC_URL",
            reason="the addresses written back would lead nowhere from other machines",
        )
    if console is not None and console.url is not None:
        return f"{console.url}/avatars"
    host = _ANYWHERE.get(settings.console_host, settings.console_host)
    return f"http://{host}:{settings.console_port}/avatars"
