"""A progress bar over personas, on a terminal; a line now and then elsewhere. On stderr: it is no data."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from retrato.app.legs import LegAvailability, LegAvailabilityReader, clock_time
from retrato.cli.common import note
from retrato.domain.errors import StoreUnavailableError
from retrato.store.status import UNDER_WAY, PersonaStatus, Status
from retrato.supervise import wait_for_any

_LOOK_EVERY_S = 0.5
_SAY_EVERY_S = 10.0
_WORTH_WAITING = timedelta(minutes=2)
"""A leg that is available again within this time is waited for: providers throttle and load models."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The personas whose end is waited for: one company's, or some of them."""

    empresa_id: str
    persona_ids: Sequence[str] | None = None


async def watch(status: Status, watched: Watched, *, stop: asyncio.Event, title: str) -> None:
    """Show how *watched* come along, until none is under way any more or *stop* is set."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    total: int | None = None
    said_at = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        while not stop.is_set():
            try:
                left = await _under_way(status, watched)
            except StoreUnavailableError:
                await wait_for_any(stop, timeout_s=_LOOK_EVERY_S * 4)
                continue
            total = max(total or 0, len(left))
            bar.update(task, total=total, completed=total - len(left), description=_words(title, left))
            if not left:
                break
            if not console.is_terminal and time.monotonic() - said_at > _SAY_EVERY_S:
                said_at = time.monotonic()
                console.print(f"{_words(title, left)}: {total - len(left)} of {total}")
            await wait_for_any(stop, timeout_s=_LOOK_EVERY_S)


async def give_up_without_legs(
    availability: LegAvailabilityReader, status: Status, watched: Watched, *, stop: asyncio.Event
) -> None:
    """
    Say when no leg can draw, and why; set *stop* where none will within two minutes.

    Not while anybody draws for *watched*: another replica may have other keys, and what was ordered may still
    come.
    """
    said, legs = "", list[LegAvailability]()
    while not stop.is_set():
        try:
            legs = await availability.read()
            nobody_draws = all(leg.unavailable_because for leg in legs) and not await status.personas(
                empresa_id=watched.empresa_id, persona_ids=watched.persona_ids, states=("running",), limit=1
            )
        except StoreUnavailableError:
            nobody_draws = False
        if nobody_draws:
            first = min((leg.until for leg in legs if leg.until is not None), default=None)
            gives_up = first is None or first > datetime.now(UTC) + _WORTH_WAITING
            if (text := _why_nothing_comes(legs, until=None if gives_up else first)) != said:
                said = text
                note(text)
            if gives_up:
                stop.set()
        await wait_for_any(stop, timeout_s=_LOOK_EVERY_S * 2)


def _why_nothing_comes(legs: Sequence[LegAvailability], *, until: datetime | None) -> str:
    lines = [
        f"  {leg.leg}: {leg.unavailable_because}" + (f"\n    → {leg.remedy}" if leg.remedy else "") for leg in legs
    ]
    end = f"Waiting until {clock_time(until)}." if until else "Given up: what was asked for stays in the queue."
    return "\n".join(["No leg can draw now.", *lines, end])


async def _under_way(status: Status, watched: Watched) -> list[PersonaStatus]:
    return await status.personas(
        empresa_id=watched.empresa_id, persona_ids=watched.persona_ids, states=UNDER_WAY, limit=1_000_000
    )


def _words(title: str, left: Sequence[PersonaStatus]) -> str:
    """The title, and why nothing moves when nothing does."""
    waiting = [one for one in left if one.state != "running" and one.run_at is not None and one.last_error]
    if waiting and len(waiting) == len(left):
        first = min(waiting, key=lambda one: one.run_at or one.generated_at)  # type: ignore[arg-type,return-value]
        assert first.run_at is not None
        return f"{title} (waits until {first.run_at.astimezone():%H:%M:%S}: {first.last_error})"[:200]
    return title
