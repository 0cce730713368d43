"""The systems that are compared, as the driver knows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One system: its name, its script in ``workers/``, and the SQL that counts the jobs which are not done."""

    name: str
    title: str
    script: str
    open_jobs: str
    takes_over: bool = True
    """Whether the job of a killed worker comes back without code of the user's."""


RETRATO = System(
    "retrato",
    "Retrato",
    "ours.py",
    "select (select count(*) from personas where avatar_url is null) + (select count(*) from retrato.jobs)",
)
PEERS = (
    System("pgqueuer", "pgqueuer", "on_pgqueuer.py", "select count(*) from pgqueuer"),
    System(
        "procrastinate",
        "procrastinate",
        "on_procrastinate.py",
        "select count(*) from procrastinate_jobs",
        takes_over=False,
    ),
    System("chancy", "chancy", "on_chancy.py", "select count(*) from chancy_jobs where state <> 'succeeded'"),
)
SYSTEMS = {system.name: system for system in (RETRATO, *PEERS)}
