"""
What the application pays for the bell: its inserts a second with our trigger, beside the same without NOTIFY.

One persona a transaction, 32 clients (pgbench), three databases on one Postgres, in turns: without our triggers
(none), with them (ours), and with them but for the NOTIFY (silent). Once with nobody working, so that jobs pile up
and the bell is rung only once; and once with a replica beside it, which draws nothing but empties the queue, so
that it must be rung again and again. The replica runs on the same machine: what it takes is missing there.

    python bench/enqueue.py                          about four minutes
    python bench/enqueue.py --seconds 3 --rounds 1   a look
"""

import argparse
import asyncio
import re
import statistics
import tempfile
from contextlib import AsyncExitStack

from retrato.embedded.binaries import choose_binaries
from retrato.embedded.server import EmbeddedPostgres
from scale.ground import bare_replica, connected, install, new_database, postgres

_COMPANIES = 10
_CONCURRENCY = 50
_COMPANY = "('00000000-0000-4000-8000-' || lpad({n}::text, 12, '0'))::uuid"
_FILL = f"""
insert into empresas (id, codigo, nome, descricao)
select {_COMPANY.format(n="n")}, n, n, '-'
from generate_series(1, {_COMPANIES}) n
"""
_INSERT = f"""
\\set n random(1, {_COMPANIES})
insert into personas (persona_code, full_name, role, empresa_id)
values (gen_random_uuid(), 'Ana Souza', 'Analista', {_COMPANY.format(n=":n")});
"""
_NO_TRIGGERS = "alter table personas disable trigger user"
_NOTIFY = "perform pg_catalog.pg_notify('retrato', '');"
_VARIANTS = ("none", "silent", "ours")


async def make_variants(server: EmbeddedPostgres) -> None:
    """One template a variant."""
    for variant in _VARIANTS:
        dsn = await new_database(server, variant)
        await install(dsn)
        async with connected(dsn) as connection:
            await connection.execute(_FILL)
            if variant == "none":
                await connection.execute(_NO_TRIGGERS)
            if variant == "silent":
                source = await connection.fetchval("select pg_get_functiondef('retrato.enqueue'::regproc)")
                assert _NOTIFY in source
                await connection.execute(source.replace(_NOTIFY, "null;"))


async def commits_per_s(
    server: EmbeddedPostgres, variant: str, args: argparse.Namespace, *, drained: bool
) -> float:
    """Inserts a second into a fresh copy of *variant*."""
    dsn = await new_database(server, "now", template=variant)
    async with AsyncExitStack() as stack:
        replica = None
        if drained and variant != "none":
            replica = await stack.enter_async_context(bare_replica(dsn, concurrency=_CONCURRENCY, every=1_000_000))
            await asyncio.sleep(2)  # it has gone to sleep
        rate = await _pgbench(dsn, args)
        if replica is not None and replica.returncode is not None:
            raise RuntimeError("the replica has ended; see its log above")
        return rate


async def _pgbench(dsn: str, args: argparse.Namespace) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_INSERT)
        script.flush()
        process = await asyncio.create_subprocess_exec(
            choose_binaries(prefer="bundled", major=None).folder / "pgbench",
            *("--no-vacuum", "--protocol=prepared", "--jobs=2", f"--client={args.clients}"),
            *(f"--time={args.seconds}", f"--file={script.name}", dsn),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, complaint = await process.communicate()
    found = re.search(rb"^tps = ([\d.]+)", told, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench: {complaint.decode()[-2000:]}")
    return float(found[1])


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    with postgres() as server:
        await make_variants(server)
        for drained in (False, True):
            rates: dict[str, list[float]] = {variant: [] for variant in _VARIANTS}
            for _ in range(args.rounds):
                for variant in _VARIANTS:
                    rates[variant].append(await commits_per_s(server, variant, args, drained=drained))
            print("a replica empties the queue:" if drained else "nobody works:")
            for variant in _VARIANTS:
                print(f"  {variant:6} {statistics.median(rates[variant]):8.0f} inserts/s", end="  ")
                print([round(rate) for rate in rates[variant]])
            ratio = statistics.median(
                ours / silent for ours, silent in zip(rates["ours"], rates["silent"], strict=True)
            )
            print(f"  ours / silent {ratio:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=10, help="of one measure")
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(main(parser.parse_args()))
