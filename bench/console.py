"""
How soon the console answers for a large company: p50 and p95 by page and number of clients.

The whole daemon as a process on a Postgres of its own; everything is paused, so that nothing is drawn meanwhile.
Half of the company's personas have two versions, the others are queued, failed, missing or not ready. Searches ask
for another text each time, so that nobody is served another one's answer. The clients share the machine: with two
cores, what they cost is part of what is measured.

    python bench/console.py                          about two minutes
    python bench/console.py --rounds 1               a look
    python bench/console.py --against ../other       the daemon of another checkout as well, in turns, same data
"""

import argparse
import asyncio
import itertools
import random
import secrets
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import ClientError, ClientSession

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from scale.ground import connected, daemon, install, machine, postgres

Times = dict[tuple[str, int], list[float]]
"""Page and number of clients → milliseconds of each answer."""

_HERE = Path(__file__).resolve().parents[1]
_COMPANY = "11111111-1111-4111-8111-111111111111"
_FIRST = ["Ana", "João", "Élcio", "José", "Zélia", "Mário", "Lívia", "Caio", "Otávio", "Inês"]
_LAST = ["Souza", "Conceição", "Silva", "Araújo", "Brandão", "Lima", "Gonçalves", "Pereira", "Assunção", "Melo"]
_STATES = ["queued", "failed", "missing", "ready", "waiting"]
_MOST = 200
_TOKEN = secrets.token_urlsafe()

_COMPANIES = """
insert into empresas (id, codigo, nome, descricao)
select case n when 0 then $1::text::uuid else gen_random_uuid() end, 'C' || n, 'Empresa ' || n, '-'
from generate_series(0, 30) n
"""
_PERSONAS = """
insert into personas (persona_code, full_name, role, genero, empresa_id)
select
    'P' || n,
    case when n % 50 = 49 then '[A GERAR]'
    else concat_ws(' ', ($3::text[])[1 + n % 10], ($4::text[])[1 + n / 10 % 10], n) end,
    'Analista ' || n % 7, 'feminino', $1::text::uuid
from generate_series(1, $2::integer) n
"""
_PICTURES = """
insert into retrato.avatars (
    persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url, sha256,
    image_bytes, width, height, provider, leg, model, prompt, seed, cost_usd, attempts, took_s
)
select
    p.id, version, p.empresa_id, nextval('retrato.tokens'), 1, p.id || '/i.webp', p.id || '/t.webp',
    'https://app.example/i.webp', 'https://app.example/t.webp', 'x', 1, 1024, 1024, 'huggingface',
    'huggingface/fal-ai', 'FLUX.1-dev', 'a portrait', 7, 0.025, 1, 8.5
from personas p, generate_series(1, 2) version
where p.full_name ~ '[02468]$'
"""
_SETTLE = [
    "delete from retrato.jobs j using retrato.avatars a where a.persona_id = j.persona_id",
    "update retrato.jobs set state = 'failed', last_fault = 'refused' where hashtext(persona_id) % 5 = 0",
    "delete from retrato.jobs where hashtext(persona_id) % 5 = 1",
    "vacuum analyze",
]


_PAGES: dict[str, Callable[[random.Random], str]] = {
    "gallery": lambda _: f"/empresas/{_COMPANY}",
    "filter": lambda rng: f"/empresas/{_COMPANY}?state={rng.choice(_STATES)}",
    "search": lambda rng: f"/empresas/{_COMPANY}?q={rng.choice(_LAST)} {rng.randrange(1000)}",
    "API list": lambda _: f"/api/empresas/{_COMPANY}/personas?limit={_MOST}",
    "companies": lambda _: "/empresas",
}


async def populate(dsn: str, personas: int) -> None:
    """One large company with personas in all states, and thirty empty ones; everything is paused."""
    async with connected(dsn) as connection:
        await connection.execute("insert into retrato.pauses (scope) values ('all')")
        await connection.execute(_COMPANIES, _COMPANY)
        await connection.execute(_PERSONAS, _COMPANY, personas, _FIRST, _LAST)
        for statement in [_PICTURES, *_SETTLE]:
            await connection.execute(statement)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def console(dsn: str, simulator: Simulator, checkout: Path) -> AsyncIterator[ClientSession]:
    """
    The daemon of *checkout*, ready; yields a client for it.

    Raises:
        TimeoutError: it was not ready within a minute. One that is older than the schema waits for ever.

    """
    port = free_port()
    settings = {
        "PYTHONPATH": str(checkout / "daemon"),
        "RETRATO_CONSOLE_PORT": str(port),
        "RETRATO_CONSOLE_TOKEN": _TOKEN,
        "RETRATO_SWEEP": "off",
    }
    async with (
        daemon(dsn, simulator, pages=True, **settings),
        ClientSession(f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {_TOKEN}"}) as client,
    ):
        async with asyncio.timeout(60):
            while not await _is_ready(client):
                await asyncio.sleep(0.1)
        yield client


async def _is_ready(client: ClientSession) -> bool:
    try:
        async with client.get("/empresas") as answer:
            return answer.ok
    except ClientError:
        return False


async def ask(client: ClientSession, page: str, *, clients: int, seconds: float) -> list[float]:
    """Milliseconds of each answer while *clients* ask for *page* one time after the other."""
    took_ms: list[float] = []
    ends_at = time.monotonic() + seconds

    async def one_client(rng: random.Random) -> None:
        while (asked_at := time.monotonic()) < ends_at:
            async with client.get(_PAGES[page](rng)) as answer:
                answer.raise_for_status()
                await answer.read()
            took_ms.append((time.monotonic() - asked_at) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(one_client(random.Random(number)))
    return took_ms


async def measure(consoles: dict[str, ClientSession], args: argparse.Namespace) -> dict[str, Times]:
    """Ask for every page with every number of clients, of all *consoles* in turn."""
    times: dict[str, Times] = {name: {} for name in consoles}
    for _ in range(args.rounds):
        for page, clients in itertools.product(_PAGES, args.clients):
            for name, client in consoles.items():
                took_ms = await ask(client, page, clients=clients, seconds=args.seconds)
                times[name].setdefault((page, clients), []).extend(took_ms)
    return times


def p50_p95(took_ms: list[float]) -> tuple[float, float]:
    """The median, and what one answer in twenty exceeds."""
    cuts = statistics.quantiles(took_ms, n=20)
    return cuts[9], cuts[18]


def report(checkouts: dict[str, Times]) -> None:
    """A line for each page and number of clients; of two checkouts also how many times faster this one is."""
    for page, clients in checkouts["this"]:
        line = f"{page:10} {clients:2} clients"
        found = {name: p50_p95(times[page, clients]) for name, times in checkouts.items()}
        for name, (p50, p95) in found.items():
            line += f"   {name}: p50 {p50:6.1f} ms, p95 {p95:6.1f} ms"
        if "other" in found:
            ratios = [theirs / ours for theirs, ours in zip(found["other"], found["this"], strict=True)]
            line += "   other/this: {:.2f}, {:.2f}".format(*ratios)
        print(line)


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    checkouts = {"this": _HERE} | ({"other": args.against.resolve()} if args.against else {})
    with postgres() as server:
        await install(server.dsn)
        await populate(server.dsn, args.personas)
        async with AsyncExitStack() as stack:
            simulator = await stack.enter_async_context(Simulator(Scenario()))
            connection = await stack.enter_async_context(connected(server.dsn))
            consoles = {
                name: await stack.enter_async_context(console(server.dsn, simulator, checkout))
                for name, checkout in checkouts.items()
            }
            print(machine(await connection.fetchval("show server_version")))
            report(await measure(consoles, args))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=10_000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--seconds", type=float, default=1.0, help="for each page and number of clients")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--against", type=Path, help="another checkout to compare with")
    asyncio.run(main(parser.parse_args()))
