"""
A scenario: how fast, how strict, how unlucky the simulated world is. Built in Python or read from TOML::

    seed = 7
    [latency_seconds]
    default = [0.4, 1.6]
    replicate = 8
    [faults]
    fal-ai = ["hf_503_loading", "ok", {status = 503, body = {error = "…"}}]
    "fal-ai.status" = ["poll_404"]
    [chances.gen]
    poll_500 = 0.05
    [limits.legacy]
    at_once = 1
    pause_seconds = 45
    [credit_usd]
    huggingface = 0.10
    [keys]
    huggingface = ["hf_demo"]
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from retrato.domain.errors import ConfigError
from retrato.simulator.fault import Fault
from retrato.simulator.faults import to_fault, to_faults
from retrato.simulator.legs import ACCOUNTS, LEGS, SCRIPT_KEYS


def _only(names: frozenset[str], what: str) -> AfterValidator:
    def check(table: Mapping[str, Any]) -> Mapping[str, Any]:
        if unknown := sorted(set(table) - names):
            raise ValueError(f"no {what} is called {', '.join(unknown)}; known are {', '.join(sorted(names))}")
        return table

    return AfterValidator(check)


_PerLeg = _only(frozenset(LEGS) | {"default"}, "leg")
_PerScript = _only(SCRIPT_KEYS, "route")
_PerAccount = _only(ACCOUNTS, "account")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Limit(_Table):
    """What one leg allows: pictures in work at once, and the pause after one before the next may begin."""

    at_once: int | None = Field(default=None, ge=1)
    pause_seconds: float = Field(default=0.0, ge=0)


class Scenario(_Table):
    """
    The simulated world at its start. The defaults are a world where everything works at once.

    Tables that are named by leg also take ``default``.
    """

    seed: int = 0
    """Moves every random choice: latencies within their range, chance faults."""

    faces: bool = True
    """Draw faces; false gives a cheap seeded pattern, for load tests."""

    strict_inputs: bool = False
    """Replicate answers 422 to inputs that the model's schema does not have, instead of ignoring them."""

    longest_wait_seconds: float = Field(default=60.0, ge=0)
    """The longest that a blocking mode holds a request: replicate's ``Prefer: wait``, wavespeed's sync mode."""

    latency_seconds: Annotated[Mapping[str, tuple[float, float]], _PerLeg] = {}
    """Seconds from order to picture, by leg: a number, or [shortest, longest] drawn at random."""

    faults: Annotated[Mapping[str, tuple[Fault, ...]], _PerScript] = {}
    """Scripts: what the first, second, … request of a route meets. After the last, all goes well."""

    chances: Annotated[Mapping[str, Mapping[str, float]], _PerLeg] = {}
    """By leg: name of a fault → its probability for each picture ordered, 0 … 1."""

    keys: Annotated[Mapping[str, tuple[str, ...]], _PerAccount] = {}
    """Keys accepted, by account. An account without an entry accepts every well-formed key."""

    limits: Annotated[Mapping[str, Limit], _PerLeg] = {}
    """Concurrency and pace that a leg enforces with its own words. None by default."""

    credit_usd: Annotated[Mapping[str, float], _PerAccount] = {}
    """Money at the start, by account; spent, the legs answer as they do then. No entry: endless."""

    @field_validator("latency_seconds", mode="before")
    @classmethod
    def _range(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        return {leg: (value, value) if isinstance(value, int | float) else value for leg, value in table.items()}

    @field_validator("latency_seconds")
    @classmethod
    def _ordered(cls, table: Mapping[str, tuple[float, float]]) -> Mapping[str, tuple[float, float]]:
        for leg, (shortest, longest) in table.items():
            if not 0 <= shortest <= longest:
                raise ValueError(f"{leg} wants 0 <= shortest <= longest, got [{shortest:g}, {longest:g}]")
        return table

    @field_validator("faults", mode="before")
    @classmethod
    def _scripts(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        try:
            return {key: to_faults(script) for key, script in table.items()}
        except ConfigError as exc:
            raise ValueError(str(exc)) from exc

    @field_validator("chances")
    @classmethod
    def _probabilities(cls, table: Mapping[str, Mapping[str, float]]) -> Mapping[str, Mapping[str, float]]:
        for leg, chances in table.items():
            for name in chances:
                try:
                    to_fault(name)
                except ConfigError as exc:
                    raise ValueError(str(exc)) from exc
            if not all(0 <= chance <= 1 for chance in chances.values()) or sum(chances.values()) > 1:
                raise ValueError(f"the chances of {leg} must each lie in 0 … 1 and not add up to more than 1")
        return table

    def latency_range(self, leg: str) -> tuple[float, float]:
        """Shortest and longest time in seconds that *leg* takes for a picture."""
        return self.latency_seconds.get(leg) or self.latency_seconds.get("default") or (0.0, 0.0)

    def limit(self, leg: str) -> Limit:
        """What *leg* allows."""
        return self.limits.get(leg) or self.limits.get("default") or Limit()

    @classmethod
    def demo(cls) -> Self:
        """The world of ``retrato demo``: healthy, and about as lively as one likes to watch."""
        return cls(latency_seconds={"default": (0.4, 1.6)})


def load_scenario(path: Path) -> Scenario:
    """
    Read a scenario file.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or says something that the simulator cannot do;
            the message names the file and each wrong entry.

    """
    try:
        return Scenario.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as exc:
        raise ConfigError(f"scenario {path}: {exc.strerror or exc}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"scenario {path} is not valid TOML: {exc}") from exc
    except ValidationError as exc:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in exc.errors()
        )
        raise ConfigError(f"scenario {path}: {wrong}") from exc
