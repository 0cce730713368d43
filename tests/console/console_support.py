"""A console on a real database, and people for it to show."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import ClientSession

from retrato.console.desk import Desk, Restorer, Terms
from retrato.console.gate import SESSION_COOKIE, House
from retrato.console.keyring import Keyring
from retrato.console.live import Live
from retrato.console.server import Console
from retrato.providers.config import ProvidersConfig
from retrato.providers.registry import catalogue
from retrato.storage.keys import picture_keys
from retrato.storage.location import open_store
from retrato.store.console_reads import ConsoleReads
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.requests import Requests
from retrato.store.status import Status
from retrato.store.versions import Versions

EMPRESA = "11111111-1111-4111-8111-111111111111"
OURS = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form of our own page."""
TOKEN = "a-token-that-is-long-enough"
PICTURE = Path(__file__).with_name("face.jpg").read_bytes()

Connection = asyncpg.Connection


@dataclass
class People:
    """The application's companies and personas, and what replicas do with them, in SQL."""

    connection: Connection
    store: Any
    numbers: Any = field(default_factory=lambda: iter(range(1, 100_000)))

    async def company(self, name: str = "Empresa de Teste", empresa_id: str = EMPRESA) -> str:
        await self.connection.execute(
            "insert into empresas (id, codigo, nome, descricao) values ($1, $2, $3, 'teste')",
            empresa_id,
            f"C{next(self.numbers)}",
            name,
        )
        return empresa_id

    async def persona(self, name: str = "Ana Souza", empresa_id: str = EMPRESA, **columns: Any) -> str:
        values = {
            "persona_code": f"P{next(self.numbers)}",
            "full_name": name,
            "role": "Analista",
            "genero": "feminino",
            "empresa_id": empresa_id,
            **columns,
        }
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        sql = f"insert into personas ({', '.join(values)}) values ({places}) returning id"
        return str(await self.connection.fetchval(sql, *values.values()))

    async def personas(self, *names: str) -> list[str]:
        return [await self.persona(name) for name in names]

    async def start(self, persona_id: str) -> None:
        """As a replica that claims the job."""
        await self.connection.execute(
            "update retrato.jobs set state = 'running', token = nextval('retrato.tokens'), started_at = now(),"
            " replica_id = gen_random_uuid(), lease_until = now() + interval '1 h' where persona_id = $1",
            persona_id,
        )

    async def fail(self, persona_id: str, *, fault: str = "refused", error: str = "not this one") -> None:
        """As a replica that gives up."""
        await self.connection.execute(
            "update retrato.jobs set state = 'failed', token = null, replica_id = null, lease_until = null,"
            " last_fault = $2, last_error = $3 where persona_id = $1",
            persona_id,
            fault,
            error,
        )

    async def finish(self, persona_id: str, *, empresa_id: str = EMPRESA) -> int:
        """As a replica that writes back; returns the version."""
        version, token = await self.connection.fetchrow(
            "select coalesce(max(version), 0) + 1, nextval('retrato.tokens')"
            " from retrato.avatars where persona_id = $1",
            persona_id,
        )
        keys = picture_keys(
            empresa_id=empresa_id, persona_id=persona_id, version=version, token=token, sha256="0" * 64
        )
        await self.store.put(keys.image, PICTURE)
        await self.store.put(keys.thumbnail, PICTURE)
        async with self.connection.transaction():
            await self.connection.execute(
                "insert into retrato.avatars (persona_id, version, empresa_id, token, generation, image_key,"
                " thumbnail_key, image_url, thumbnail_url, sha256, image_bytes, width, height, provider, leg,"
                " model, prompt, seed, cost_usd, attempts, took_s) values ($1, $2, $3, $4, 1, $5, $6,"
                " 'https://x/' || $5, 'https://x/' || $6, 'x', 1, 1024, 1024, 'huggingface',"
                " 'huggingface/fal-ai', 'FLUX.1-dev',"
                " 'a portrait', 7, 0.025, 1, 8.5)",
                persona_id,
                version,
                empresa_id,
                token,
                keys.image,
                keys.thumbnail,
            )
            await self.connection.execute("delete from retrato.jobs where persona_id = $1", persona_id)
        return version

    async def call(self, persona_id: str, state: str = "succeeded", fault: str | None = None) -> None:
        """As a replica that has asked a provider."""
        await self.connection.execute(
            "insert into retrato.attempts (persona_id, empresa_id, version, token, provider, leg, model, seed,"
            " redraw, state, fault, error, cost_usd, finished_at) values ($1, $2, 1, 1, 'huggingface',"
            " 'huggingface/fal-ai', 'FLUX.1-dev', 1, 0, $3, $4, $5, 0.025, clock_timestamp() + interval '8 s')",
            persona_id,
            EMPRESA,
            state,
            fault,
            "503: out of capacity" if fault else None,
        )


@dataclass
class Running:
    """A console that runs in this process."""

    console: Console
    url: str
    live: Live
    desk: Desk
    stop: asyncio.Event


@asynccontextmanager
async def running_console(
    database: Database,
    connection: Connection,
    store: Any,
    *,
    house: House | None = None,
    restorer: Restorer | None = None,
    terms: Terms | None = None,
    metrics_port: int | None = None,
    signed_url_s: int | None = None,
    **live: Any,
) -> AsyncIterator[Running]:
    """A console on *database*; *live* are options of its live events."""
    console = Console(house or House("127.0.0.1", token=TOKEN), 0, metrics_port=metrics_port)
    await console.listen()
    desk = Desk(
        ConsoleReads(database, await Host.read(connection)),
        Status(database),
        Control(database),
        Requests(database),
        terms=terms or Terms(providers=("huggingface", "pollinations"), pace_s=2, concurrency=4, poll_s=15),
        catalogue=catalogue(ProvidersConfig(huggingface_key="hf_x")),
        restorer=restorer or Versions(database),
    )
    console.ready_when(Status(database).ping)
    console.show(store, signed_url_s=signed_url_s, picture_origin=await store.origin() if signed_url_s else None)
    console.open_pages(desk)
    stop = asyncio.Event()
    # The pace of the look for changes is an option that only tests set.
    console._live = console._hall._live = Live(desk, **{"look_every_s": 0.1, **live})
    running = asyncio.create_task(console.run(stop))
    try:
        assert console.url is not None
        yield Running(console, console.url, console._live, desk, stop)
    finally:
        stop.set()
        await running
        await console.close()


def login_cookie() -> dict[str, str]:
    """The cookie of a browser that has logged in."""
    return {SESSION_COOKIE: Keyring(TOKEN).session()}


def memory_store() -> Any:
    return open_store("memory://", public_url="http://x/avatars")


async def events_of(session: ClientSession, url: str, page: str, *, names: Sequence[str]) -> list[Any]:
    """The data of the first events of a page, until each of *names* has been there in this order."""
    found = []
    wanted = list(names)
    async with session.get(f"{url}/events", params={"page": page}) as stream:
        assert stream.status == 200
        event = None
        async for line in stream.content:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                event = text.removeprefix("event: ")
            elif text.startswith("data: ") and event == wanted[0]:
                found.append(json.loads(text.removeprefix("data: ")))
                wanted.pop(0)
                if not wanted:
                    return found
    raise AssertionError(f"the stream ended before {wanted}")


async def until(condition: Callable[[], bool], *, timeout_s: float = 30) -> None:
    """Return when *condition()* has come true; TimeoutError when it does not."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - sockets come and go without an event
            await asyncio.sleep(0.01)
