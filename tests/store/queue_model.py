"""
The queue as it should be, in memory and one step at a time: what test_queue_model.py holds the real one to.

Places and turns are left out: the model says who may be claimed, not who comes first.
"""

from dataclasses import dataclass, field

from retrato.store.avatars import Outcome

MOST_ATTEMPTS = 2
MOST_TAKEOVERS = 1
EVERYTHING = "everything"


@dataclass
class Work:
    """A persona's job. *token* is the fence while it runs; *waits* until its next run is due."""

    state: str = "queued"
    generation: int = 1
    attempts: int = 0
    takeovers: int = 0
    waits: bool = False
    token: int | None = None
    replica: str | None = None
    expired: bool = False

    def queue(self, *, waits: bool = False) -> None:
        self.state, self.waits = "queued", waits
        self.token = self.replica = None
        self.expired = False

    def fail(self) -> None:
        self.queue()
        self.state = "failed"

    def begin_anew(self) -> None:
        self.queue()
        self.attempts = self.takeovers = 0


@dataclass
class Face:
    """A persona of the application, with the addresses of all its versions; the last is the current one."""

    company: str
    ready: bool
    flag: bool
    pictures: list[str] = field(default_factory=list)
    work: Work | None = None

    @property
    def state(self) -> str:
        """What ``retrato.persona_status`` says."""
        if self.work is not None:
            return "retrying" if self.work.state == "queued" and self.work.attempts else self.work.state
        if self.pictures:
            return "ready"
        return "missing" if self.ready else "waiting"

    def ask(self, *, force: bool) -> None:
        """Somebody wants a picture. A job that is there is asked for again by force, or when it has failed."""
        work = self.work
        if work is None:
            self.work = Work()
        elif force or work.state == "failed":
            work.generation += force
            work.takeovers = 0  # whoever died before did not die of this request
            if work.state != "running":
                work.begin_anew()


@dataclass(frozen=True)
class Claim:
    """What a replica holds in its hand, or believes to hold."""

    persona_id: str
    token: int
    generation: int


class Model:
    """All personas, and what is paused."""

    def __init__(self) -> None:
        self.faces: dict[str, Face] = {}
        self.paused: str | None = None

    # What the application does.

    def insert(self, persona_id: str, face: Face) -> None:
        self.faces[persona_id] = face
        if face.ready:
            face.ask(force=False)

    def delete(self, persona_id: str) -> None:
        del self.faces[persona_id]

    def set_ready(self, persona_id: str, *, ready: bool) -> None:
        """Who becomes ready is asked for: by a flag that was raised before, or because it was never drawn."""
        face = self.faces[persona_id]
        becomes_ready, face.ready = ready and not face.ready, ready
        if becomes_ready and face.flag:
            face.ask(force=True)
        elif becomes_ready and face.work is None and not face.pictures:
            face.ask(force=False)

    def set_flag(self, persona_id: str, *, up: bool) -> None:
        """A flag that is up already means nothing. One of a persona that is not ready is answered when it is."""
        face = self.faces[persona_id]
        is_raised, face.flag = up and not face.flag, up
        if is_raised and face.ready:
            face.ask(force=True)
        elif is_raised and face.work is not None and face.work.state == "running":
            face.work.generation += 1  # the picture under way is not the answer
            face.work.takeovers = 0

    # What people ask for.

    def request(self, company: str, *, force: bool) -> int:
        asked = [
            face
            for face in self.faces.values()
            if face.company == company and ((force and face.ready) or face.state in {"missing", "failed"})
        ]
        for face in asked:
            face.ask(force=force)
        return len(asked)

    def cancel(self, persona_id: str) -> int:
        face = self.faces[persona_id]
        face.flag = False
        if face.work is None or face.work.state == "failed":
            return 0
        if face.pictures:
            face.work = None
        else:
            face.work.fail()
        return 1

    # What replicas do.

    def claimable(self, company: str | None = None) -> set[str]:
        """Who may be drawn now, of one company or of all."""
        return {
            persona_id
            for persona_id, face in self.faces.items()
            if company in {None, face.company}
            and face.work is not None
            and face.work.state == "queued"
            and not face.work.waits
            and not self.is_paused(face.company)
        }

    def is_paused(self, company: str) -> bool:
        return self.paused in {EVERYTHING, company}

    def claim(self, claim: Claim, replica: str) -> None:
        work = self.faces[claim.persona_id].work
        assert work is not None
        assert (work.generation, claim.persona_id in self.claimable()) == (claim.generation, True)
        work.state, work.token, work.replica = "running", claim.token, replica

    def owned(self, claim: Claim) -> Work | None:
        """The job, if *claim* still holds it: whoever does not may change nothing."""
        face = self.faces.get(claim.persona_id)
        if face is None or face.work is None or face.work.token != claim.token:
            return None
        return face.work

    def keep(self, claim: Claim) -> bool:
        work = self.owned(claim)
        if work is not None:
            work.expired = False
        return work is not None

    def expire(self, persona_id: str) -> None:
        work = self.faces[persona_id].work
        if work is not None and work.state == "running":
            work.expired = True

    def take_over(self, replica: str) -> set[str]:
        taken = set()
        for persona_id, face in self.faces.items():
            work = face.work
            if work is not None and work.expired and work.replica != replica:
                taken.add(persona_id)
                work.takeovers += 1
                if work.takeovers >= 4 * MOST_TAKEOVERS:  # nobody was being drawn
                    work.fail()
                else:
                    work.queue()
        return taken

    def finish(self, claim: Claim, picture: str) -> Outcome:
        work, face = self.owned(claim), self.faces.get(claim.persona_id)
        if work is None or face is None:
            if face is not None and picture in face.pictures:
                return Outcome.WRITTEN  # before; the reply may have been lost
            return Outcome.LOST if face is not None and face.work is not None else Outcome.GONE
        face.pictures.append(picture)
        if work.generation != claim.generation:
            work.begin_anew()
            return Outcome.ASKED_AGAIN
        face.work, face.flag = None, False
        return Outcome.WRITTEN

    def retry(self, claim: Claim) -> str | None:
        work = self.owned(claim)
        if work is None:
            return None
        if work.generation != claim.generation:
            work.begin_anew()
        else:
            work.attempts += 1
            if work.attempts >= MOST_ATTEMPTS:
                work.fail()
            else:
                work.queue(waits=True)
        return work.state

    def release(self, claim: Claim, *, later: bool) -> bool:
        work = self.owned(claim)
        if work is not None:
            work.queue(waits=later)
        return work is not None

    def drop(self, claim: Claim) -> bool:
        """There is nothing to draw; returns False when there is after all, and the job waits again."""
        work, face = self.owned(claim), self.faces.get(claim.persona_id)
        if work is None or face is None:
            return True
        if face.ready:
            work.queue()
            return False
        face.work = None
        return True

    def come_due(self) -> None:
        for face in self.faces.values():
            if face.work is not None:
                face.work.waits = False
