"""
What our triggers cost the application: microseconds of each for a single-row statement, by explain (analyze).

The application's own widest table (34 columns, some kilobytes of text in a row); the persona waits in the queue
already, so that what is measured is the triggers and not the bell. Medians of many statements, each rolled back.

    python bench/triggers.py                                            this checkout
    PYTHONPATH=OTHER/daemon python bench/triggers.py                    another one, to compare
"""

import argparse
import asyncio
import json
import statistics
from collections import defaultdict

from retrato.store import migrations
from scale.ground import connected, new_database, postgres

_WIDE = """
create table empresas (id uuid primary key default gen_random_uuid(), nome text);
create table personas (
    id uuid primary key default gen_random_uuid(), persona_code varchar unique default gen_random_uuid()::text,
    full_name varchar not null, role varchar not null, specialty varchar, department varchar, email varchar,
    whatsapp varchar, empresa_id uuid, biografia_completa text, personalidade jsonb default '{}',
    experiencia_anos integer default 0, ia_config jsonb, temperatura_ia numeric default 0.7, max_tokens integer,
    system_prompt text, status varchar default 'active', created_at timestamptz default now(),
    updated_at timestamptz default now(), last_sync timestamptz, descricao_fisica text, idiomas jsonb,
    nacionalidade text, genero varchar, biografia_resumida text, avatar_image_url text,
    avatar_image_generated_at timestamp, avatar_image_prompt text, bloco_funcional_id uuid,
    bloco_funcional_nome text, okr_owner_ids uuid[], responsabilidade_resultado text,
    metricas_responsabilidade text[], nivel_hierarquico text
);
create table personas_avatares (
    id uuid primary key default gen_random_uuid(), persona_id uuid unique, avatar_url text,
    avatar_thumbnail_url text, prompt_usado text, servico_usado varchar, ativo boolean default true,
    metadados jsonb, created_at timestamptz default now(), updated_at timestamptz default now()
);
"""
_COLUMNS = "full_name, role, empresa_id, biografia_completa, system_prompt, avatar_image_url"
_VALUES = (
    "'Ana Souza', 'Analista', gen_random_uuid(), repeat('Bio ', 200), repeat('{\"olhos\": 1}', 120), 'https://a/b'"
)
_STATEMENTS = {
    "insert, drawn elsewhere": f"insert into personas ({_COLUMNS}) values ({_VALUES})",
    "insert, queued": f"insert into personas ({_COLUMNS}) values ({_VALUES.replace('https://a/b', '')})",
    "update, ordinary": "update personas set last_sync = now() where id = $1",
    "update, all columns": f"update personas set ({_COLUMNS}) = ({_VALUES}) where id = $1",
    "update of the row beside": "update personas_avatares set updated_at = now() where persona_id = $1",
    "delete": "delete from personas where id = $1",
}


async def measure(dsn: str, times: int) -> dict[str, dict[str, list[float]]]:
    """Statement → trigger (or ``whole``) → microseconds, one a statement."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async with connected(dsn) as connection:
        persona = await connection.fetchval(
            f"insert into personas ({_COLUMNS}) select {_VALUES} from generate_series(1, 200) returning id"
        )
        await connection.execute(
            "insert into personas_avatares (persona_id, prompt_usado) select id, 'A' from personas"
        )
        await connection.execute("vacuum analyze")
        for nth in range(times):
            for name, statement in _STATEMENTS.items():
                arguments = [persona] if "$1" in statement else []
                transaction = connection.transaction()
                await transaction.start()
                rows = await connection.fetchval(f"explain (analyze, format json) {statement}", *arguments)
                await transaction.rollback()
                if nth < times // 10:
                    continue  # caches fill
                [plan] = json.loads(rows)
                found[name]["whole"].append(1000 * plan["Execution Time"])
                for trigger in plan.get("Triggers", []):
                    found[name][trigger["Trigger Name"]].append(1000 * trigger["Time"])
    return found


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    with postgres() as server:
        dsn = await new_database(server, "wide")
        async with connected(dsn) as connection:
            await connection.execute(_WIDE)
        await migrations.apply(dsn)
        for name, triggers in (await measure(dsn, args.times)).items():
            print(name)
            for trigger, times in sorted(triggers.items()):
                print(f"  {trigger:32} {statistics.median(times):7.1f} us")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3000)
    asyncio.run(main(parser.parse_args()))
