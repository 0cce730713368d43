"""What this replica holds: its identity, the jobs in its hands, and how long it may still trust its leases."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from retrato.domain.job import Job


@dataclass(slots=True)
class _Held:
    job: Job
    task: "asyncio.Task[None] | None" = None
    ending: bool = False
    drawn: bool = False
    lost: bool = False


@dataclass(slots=True)
class Holdings:
    """
    Shared by dispatcher (adds, removes), worker (ends), keeper (beats, drops) and chain (asks before paid calls).

    The id is random per start, never a host or pod name: a name that comes back would make a dead replica's jobs
    look alive. ``clock`` is monotonic, in seconds.
    """

    lease_s: float
    clock: Callable[[], float]
    replica_id: UUID = field(default_factory=uuid4)
    lock_key: int = field(default_factory=lambda: secrets.randbits(31))
    locks: bool = False
    """Whether the LISTEN connection holds the replica's advisory lock now."""
    newly_locked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has taken the lock: until the others know, only its lease would tell that it is dead."""
    drained: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the dispatcher has let go of its last job and will claim no more."""
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be work somewhere: the keeper looks after the others' leases more often then."""
    loosened: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a job was drawn, or is not in hand any more: another one may be begun."""
    _held: dict[int, _Held] = field(default_factory=dict)
    _kept_at: float = float("-inf")
    _unsettled_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.unsettle()

    def add(self, job: Job) -> None:
        """A job was claimed: its lease is fresh."""
        self._held[job.token] = _Held(job)
        if len(self._held) == 1:
            self._kept_at = self.clock()
        self.stirred.set()

    def assign(self, job: Job, task: "asyncio.Task[None]") -> None:
        """The task that works on the job; it is cancelled when the job is lost."""
        self._held[job.token].task = task

    def end(self, job: Job) -> None:
        """
        The worker is about to write the job's end, and learns from the fence whether it was still ours.

        From here on a heartbeat that does not find the job proves nothing: the end may just have been written.
        """
        held = self._held.get(job.token)
        if held is not None:
            held.ending = True

    def drawn(self, job: Job) -> None:
        """The picture is there, and only its write-back is left: another one may be drawn meanwhile."""
        held = self._held.get(job.token)
        if held is not None:
            held.ending = held.drawn = True
            self.loosened.set()

    def remove(self, job: Job) -> None:
        """The job is finished, handed back or given up."""
        self._held.pop(job.token, None)
        self.loosened.set()

    def drawing(self) -> int:
        """How many jobs are being drawn: those that are only written back do not count any more."""
        return sum(not held.drawn for held in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def jobs(self) -> list[Job]:
        """The jobs in hand that were not lost."""
        return [held.job for held in self._held.values() if not held.lost]

    def fences(self) -> dict[int, str]:
        """Fence → persona id of the jobs in hand that were not lost."""
        return {job.token: job.persona_id for job in self.jobs()}

    def is_lost(self, job: Job) -> bool:
        """Whether the job was dropped because it belongs to somebody else now."""
        held = self._held.get(job.token)
        return held is None or held.lost

    def kept(self, at: float) -> None:
        """A heartbeat that was sent at *at* (monotonic) succeeded."""
        self._kept_at = max(self._kept_at, at)

    def drop(self, token: int) -> bool:
        """
        The fence does not hold any more: stop the work at once.

        Returns False when there is nothing to stop: the job's end is being written, or has been.
        """
        held = self._held.get(token)
        if held is None or held.lost or held.ending:
            return False
        held.lost = True
        if held.task is not None:
            held.task.cancel()
        return True

    def unsettle(self) -> None:
        """The database was away, or we were; now others may look silent that are only coming back."""
        self._unsettled_at = self.clock()

    def settled_for_s(self) -> float:
        """For how many seconds the database has been there for everybody, as far as we know."""
        return self.clock() - self._unsettled_at

    def may_start(self) -> bool:
        """Whether a paid call may start: the last heartbeat leaves at least five seconds of the lease."""
        return self.clock() - self._kept_at < max(self.lease_s - 5, self.lease_s / 2)
