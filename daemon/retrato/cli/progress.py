"""A progress bar over personas, on a terminal; a line now and then elsewhere. On stderr: it is no data."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from retrato.domain.errors import StoreUnavailableError
from retrato.store.status import UNDER_WAY, PersonaStatus, Status
from retrato.supervise import wait_for_any

_LOOK_EVERY_S = 0.5
_SAY_EVERY_S = 10.0


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
