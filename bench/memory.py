"""
Does one process grow with what it has done? 200,000 personas through one replica, its pipeline drawing nothing.

The real dispatcher, worker, write-back, keeper and listener, as a process of their own. Its resident memory is
read from outside, each time that it has begun another 10,000.

    python bench/memory.py                       about a minute
    python bench/memory.py --personas 40000      a look
"""

import argparse
import asyncio
import os
from pathlib import Path

from scale.ground import bare_replica, connected, install_bare, next_start, postgres

_EVERY = 10_000
_CONCURRENCY = 50
_INSERT = "insert into personas (name, empresa_id) select 'Persona ' || n, n % 100 from generate_series(1, $1) n"


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def measure(dsn: str, personas: int) -> list[float]:
    """MiB when 10,000, 20,000 … personas were begun, and at last when all were written."""
    await install_bare(dsn)
    async with connected(dsn) as connection:
        for _ in range(personas // _EVERY):
            await connection.execute(_INSERT, _EVERY)
        async with bare_replica(dsn, concurrency=_CONCURRENCY, every=_EVERY) as replica:
            await next_start(replica)  # the very first
            sizes = []
            for _ in range(personas // _EVERY):
                await next_start(replica)
                sizes.append(rss_mib(replica.pid))
            while await connection.fetchval("select exists (select from retrato.jobs)"):
                await asyncio.sleep(0.05)
            written = await connection.fetchval("select count(*) from retrato.avatars")
            assert written == personas, f"{written} of {personas} were written"
            return [*sizes, rss_mib(replica.pid)]


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    with postgres() as server:
        sizes = await measure(server.dsn, args.personas)
    print("MiB:", " ".join(f"{size:.1f}" for size in sizes))
    print(
        f"after the first {_EVERY}: {sizes[0]:.1f} MiB, after the last of {args.personas}: {sizes[-1]:.1f} MiB, "
        f"ratio {sizes[-1] / sizes[0]:.3f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=200_000, help="a multiple of 10,000")
    asyncio.run(main(parser.parse_args()))
