"""What ``retrato migrate --plan`` says, on one screen: what was found, and what is added to the host's tables."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrato.app.trial import example_addresses
from retrato.settings import Settings
from retrato.store import migrations, ready_prompts, rpc
from retrato.store.database import connected
from retrato.store.host import Host, Table
from retrato.store.host_writes import touched
from retrato.store.likeness import not_found, similar_columns, similar_tables
from retrato.store.mapping import FLAG, INACTIVE, KEYS, READ, READ_FROM_EMPRESAS
from retrato.store.migrations import Step
from retrato.store.trial import try_writing

_WIDTH, _LABEL = 100, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Tables are told as the catalogue quotes them; columns and fields by their names."""

    generation: str = ""
    tables: Mapping[str, str | None] = field(default_factory=dict)
    found_by: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reads_of_companies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    out_of_use: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ready_prompts: str | None = None
    not_found: Sequence[str] = ()
    maybe_columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    maybe_tables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    writes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    adds_column: bool = False
    triggers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    functions: Sequence[str] = ()
    obstacles: Sequence[str] = ()
    was_tried: bool = False
    steps: Sequence[Step] = ()


async def planned(dsn: str, settings: Settings, exposure: rpc.Exposure | None = None) -> Plan:
    """
    Look, and try without a trace (`store.trial`).

    Raises:
        ConfigError: as `migrations.plan` does.

    """
    async with connected(dsn) as connection:
        steps = await migrations.plan(connection, settings.host_mapping)
        host = await Host.read(connection, settings.host_mapping)
        wrappers: list[Step] = []
        if steps or exposure is not None:  # else a newer release has migrated, and has newer wrappers too
            wrappers = await rpc.plan(connection, exposure)
        prompts = await ready_prompts.look(connection, host)
        tried = await try_writing(connection, host, example_addresses(settings))
        triggers = defaultdict(list)
        for name, table in migrations.expected_triggers(host):
            triggers[table].append(name)
        tables: dict[str, Table | None] = {
            "personas": host.personas, "avatares": host.avatares, "empresas": host.empresas
        }  # fmt: skip
        return Plan(
            generation=host.generation,
            tables={what: table.name if table is not None else None for what, table in tables.items()},
            found_by={name: key for name in KEYS if (key := host.key(name)) is not None},
            reads={
                name: found
                for name in READ
                if (found := [*dict.fromkeys([*host.fields(name), *host.avatares_fields(name)])])
            },
            reads_of_companies={
                name: found for name in READ_FROM_EMPRESAS if (found := host.empresas_fields(name))
            },
            out_of_use={name: found for name in INACTIVE if (found := host.inactive_columns(name))},
            ready_prompts=f"{prompts}; it is {host.mapping.ready_when}" if prompts is not None else None,
            not_found=not_found(host),
            maybe_columns=similar_columns(host),
            maybe_tables=await similar_tables(connection, host),
            writes=_writes(host),
            adds_column=not host.personas.has(FLAG),
            triggers=dict(triggers),
            obstacles=tried.obstacles,
            was_tried=tried.was_written,
            functions=[step.words for step in wrappers],
            steps=[*steps, *wrappers],
        )


def _writes(host: Host) -> dict[str, Sequence[str]]:
    columns = touched(host)
    written: dict[str, Sequence[str]] = {host.personas.name: [c for c in columns.personas_updated if c != FLAG]}
    if host.avatares is not None:
        avatares = [*dict.fromkeys([*columns.avatares_updated, *columns.avatares_inserted])]
        written[host.avatares.name] = [c for c in avatares if c != host.avatares_key]
    return written


def screen(plan: Plan) -> str:
    """The plan for people; each statement of it is told by ``--sql``."""
    lines = [f"Retrato beside {plan.tables['personas']} (generation {plan.generation}; docs/adopting.md)", ""]
    lines += _told("tables", [f"{what}: {name or 'none'}" for what, name in plan.tables.items()])
    lines += _told("found by", _pairs(plan.found_by.items()))
    lines += _told("reads", _fields(plan.reads))
    lines += _told("companies", _fields(plan.reads_of_companies))
    lines += _told("out of use", _fields(plan.out_of_use) or ["no column tells of rows that are out of use"])
    lines += _told("prompts", [plan.ready_prompts] if plan.ready_prompts is not None else [])
    lines += _told("not found", [", ".join(plan.not_found)] if plan.not_found else [])
    maybe = [f"{', '.join(columns)} for {name}" for name, columns in plan.maybe_columns.items()]
    maybe += [f"table {', '.join(names)} for {what}" for what, names in plan.maybe_tables.items()]
    lines += _told("meant?", [*maybe, "then say so in [host] of retrato.toml"] if maybe else [])
    lines += _told(
        "writes", [f"{table}: {', '.join(columns) or 'nothing'}" for table, columns in plan.writes.items()]
    )
    column = [f"the column {FLAG} (boolean, false) to {plan.tables['personas']}"] if plan.adds_column else []
    lines += _told("adds", column)
    lines += _told("triggers", [f"on {table}: {', '.join(names)}" for table, names in plan.triggers.items()])
    lines += _told("functions", plan.functions)
    lines += _told(
        "schema", ["create schema if not exists retrato, all that is ours in it; `--plan --sql` prints it all"]
    )
    lines += _told("tried", [_tried(plan)])
    lines += [f"✗ {one}" for one in plan.obstacles]
    return "\n".join(lines)


def _tried(plan: Plan) -> str:
    if plan.obstacles:
        return "an avatar could not be written:"
    if plan.was_tried:
        return "an avatar was written into a row that is there, and rolled back"
    return "no: nobody is there, or every row is in use"


def _pairs(items: Iterable[tuple[str, str]]) -> list[str]:
    return [name if name == column else f"{name}: {column}" for name, column in items]


def _fields(fields: Mapping[str, Sequence[str]]) -> list[str]:
    return _pairs((name, ", ".join(columns)) for name, columns in fields.items())


def _told(label: str, parts: Sequence[str]) -> list[str]:
    """The parts behind a label, wrapped."""
    return textwrap.wrap(
        "; ".join(parts),
        _WIDTH,
        initial_indent=label.ljust(_LABEL),
        subsequent_indent=" " * _LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )
