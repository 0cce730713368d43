"""The simulated world: its scenario, its scripts, its jobs, its money and its ledger. Knows no HTTP."""

import asyncio
import copy
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from retrato.domain.errors import ConfigError
from retrato.simulator.fault import OK, Fault
from retrato.simulator.faults import FAULTS, to_fault, to_faults
from retrato.simulator.jobs import Job, Jobs, State
from retrato.simulator.ledger import Ledger
from retrato.simulator.legs import LEGS, SCRIPT_KEYS
from retrato.simulator.pictures import SUFFIXES, Shot, Studio
from retrato.simulator.scenario import Scenario

_PUBLISHED = 20_000
"""How many result URLs stay alive; older ones answer 404, as expired ones do."""

_LIVE = {"status": "live", "task": "text-to-image", "isModelAuthor": False}
MAPPING: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "black-forest-labs/FLUX.1-dev": {
        "fal-ai": _LIVE | {"providerId": "fal-ai/flux/dev"},
        "replicate": _LIVE | {"providerId": "black-forest-labs/flux-dev"},
        "wavespeed": _LIVE | {"providerId": "wavespeed-ai/flux-dev"},
    },
    "black-forest-labs/FLUX.1-schnell": {
        "nscale": _LIVE | {"providerId": "black-forest-labs/FLUX.1-schnell"},
        "together": _LIVE | {"providerId": "black-forest-labs/FLUX.1-schnell"},
    },
    "stabilityai/stable-diffusion-3-medium-diffusers": {
        "hf-inference": _LIVE | {"providerId": "stabilityai/stable-diffusion-3-medium-diffusers"},
    },
}
"""Who serves which model on the Hub (PROVIDERS.md, A.2; August 2026)."""


class Rejection(Exception):  # noqa: N818 - a provider's ordinary "no", not an error of ours
    """The simulated provider answers *fault* to this request."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class World:
    """
    All state of one simulator. Belongs to one event loop.

    Attributes:
        mapping: the Hub's table, model → provider → entry; tests may change it.
        cdn_url: base of the result URLs; set by the server once it is bound.
        falqueue_url: base of the URLs that the direct fal queue returns; likewise.

    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.ledger = Ledger()
        self.studio = Studio(faces=scenario.faces)
        self.cdn_url = ""
        self.falqueue_url = ""
        self._begin()

    def _begin(self) -> None:
        seed = self.scenario.seed
        self.rng = random.Random(f"{seed}:world")
        self.mapping: dict[str, Any] = copy.deepcopy(dict(MAPPING))
        self.jobs = Jobs(self.ledger, seed=seed, latency_s=self._latency_s)
        self._luck = {leg: random.Random(f"{seed}:{leg}") for leg in LEGS}
        self._scripts: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._same: dict[str, Job] = {}
        self._published: OrderedDict[str, Shot] = OrderedDict()
        self._credit_usd = dict(self.scenario.credit_usd)
        for key, script in self.scenario.faults.items():
            self.script(key, script)

    def script(self, key: str, faults: Iterable[str | Mapping[str, Any] | Fault]) -> None:
        """
        Let the next requests of *key* meet *faults*, one each, after those already scripted.

        *key* is a leg for orders (``fal-ai``), or ``<leg>.<step>`` for other requests (``fal-ai.status``).

        Raises:
            ConfigError: no such route or no such fault.

        """
        if key not in SCRIPT_KEYS:
            raise ConfigError(f"no route is called {key!r}; known are {', '.join(sorted(SCRIPT_KEYS))}")
        self._scripts[key].extend(to_faults(faults))

    def next_fault(self, key: str) -> Fault:
        """What the next request of *key* meets: its script first, then chance."""
        if self._scripts[key]:
            return self._scripts[key].popleft()
        chances = self.scenario.chances.get(key) or self.scenario.chances.get("default")
        if not chances or key not in LEGS:
            return OK
        drawn = self._luck[key].random()
        for name, chance in chances.items():
            drawn -= chance
            if drawn < 0:
                return to_fault(name)
        return OK

    def is_accepted(self, account: str, key: str) -> bool:
        """Does the scenario let *key* in? Its form is the dialect's business."""
        keys = self.scenario.keys.get(account)
        return keys is None or key in keys

    def balance_usd(self, account: str) -> float:
        """What is left on *account*; endless where the scenario says nothing."""
        return self._credit_usd.get(account, float("inf"))

    def order(self, leg: str, shots: tuple[Shot, ...], *, fault: Fault = OK, same: str = "") -> Job:
        """
        Start a job, or join the one that the identical request *same* started before.

        Raises:
            Rejection: the leg's limit is reached, or its account is empty.

        """
        if self.has(same):
            return self._same[same]
        self._check_limit(leg)
        self._charge(leg, shots)
        job = self.jobs.start(leg, shots, fault=fault)
        if same:
            self._same[same] = job
        return job

    def has(self, same: str) -> bool:
        """Was the identical request made before, so that it would be joined and cost nothing?"""
        job = self._same.get(same)
        return job is not None and job.state is not State.FAILED

    def result_urls(self, job: Job) -> tuple[str, ...]:
        """Where the pictures of *job* can be fetched; the same answer every time."""
        job.urls = job.urls or tuple(self._publish(shot) for shot in job.shots)
        return job.urls

    def _publish(self, shot: Shot) -> str:
        name = f"{self.rng.getrandbits(80):020x}"
        self._published[name] = shot
        if len(self._published) > _PUBLISHED:
            self._published.popitem(last=False)
        return f"{self.cdn_url}/{name}.{SUFFIXES[shot.format]}"

    def published(self, name: str) -> Shot | None:
        """The shot behind the name in a result URL; None when it never was or has expired."""
        return self._published.get(name)

    async def reset(self) -> None:
        """Back to the start of the scenario: jobs ended, ledger empty, scripts as in the scenario."""
        await self.close()
        self.ledger.clear()
        self._begin()

    async def close(self) -> None:
        """End all jobs."""
        await self.jobs.close()

    def _latency_s(self, leg: str) -> float:
        return self._luck[leg].uniform(*self.scenario.latency_range(leg))

    def _check_limit(self, leg: str) -> None:
        limit = self.scenario.limit(leg)
        last_end = self.jobs.last_end.get(leg)
        now = asyncio.get_running_loop().time()
        too_many = limit.at_once is not None and self.jobs.at_once(leg) >= limit.at_once
        too_soon = last_end is not None and now < last_end + limit.pause_seconds
        if too_many or too_soon:
            raise Rejection(FAULTS[LEGS[leg].busy])

    def _charge(self, leg: str, shots: tuple[Shot, ...]) -> None:
        account = LEGS[leg].account
        if account not in self._credit_usd:
            return
        cost = sum(LEGS[leg].cost_usd(shot.width, shot.height) for shot in shots)
        if cost > self._credit_usd[account]:
            raise Rejection(FAULTS[LEGS[leg].broke])
        self._credit_usd[account] -= cost
