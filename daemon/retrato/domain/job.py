"""A job: one persona waiting for or undergoing generation. At most one exists per persona."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    A claimed job, as this replica holds it.

    ``token`` is the fence: a new one with every claim, named by every later write. ``generation`` counts the
    requests for this persona; when it has moved at write-back, the job is queued once more. ``attempts`` are
    the failed runs of the whole job before this one. ``version`` is what an earlier claim began to draw, None
    where no call was made yet. ``new_face``: Forçar has asked for another look, not only for another picture.
    """

    persona_id: str
    empresa_id: str
    token: int
    generation: int
    attempts: int = 0
    takeovers: int = 0
    version: int | None = None
    new_face: bool = False
    waited_s: float = 0.0
