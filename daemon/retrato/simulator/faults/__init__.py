"""
The named faults: what the providers literally answer when something is wrong.

A script names them as text: ``"hf_402_depleted"``, or with a number ``"delay:2.5"``, ``"cut:1000"``,
``"stall:1000"``, ``"wrong_size:512x384"``, ``"status:500"``; a table ``{status, headers, body, …}`` spells a
new one out.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from retrato.domain.errors import ConfigError
from retrato.simulator.fault import Fault, answer, cut, delay, spoiled, stall
from retrato.simulator.faults.behaviour import BEHAVIOUR, JOBS, PICTURES
from retrato.simulator.faults.fal import FAL
from retrato.simulator.faults.huggingface import HUGGING_FACE
from retrato.simulator.faults.others import OPENAI, REPLICATE, WAVESPEED
from retrato.simulator.faults.pollinations import POLLINATIONS
from retrato.simulator.pictures import SPOILERS

_GROUPS = (BEHAVIOUR, PICTURES, JOBS, HUGGING_FACE, FAL, REPLICATE, WAVESPEED, POLLINATIONS, OPENAI)

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {fault.name.partition(":")[0]: fault for group in _GROUPS for fault in group}
)
"""Every fault that can be asked for by name alone."""

_TABLE = TypeAdapter(Fault)
_SPELLED = re.compile(r"(?P<name>[a-z0-9_]+):(?P<value>[0-9.]+(x\d+)?)")


def to_fault(spec: str | Mapping[str, Any] | Fault) -> Fault:
    """
    Read one entry of a script.

    Raises:
        ConfigError: there is no such fault, or a table has a key that faults do not have.

    """
    if isinstance(spec, Fault):
        return spec
    if isinstance(spec, str):
        return _from_text(spec)
    if unknown := sorted(set(spec) - {field.name for field in fields(Fault)}):
        raise ConfigError(f"fault {dict(spec)!r}: there is no {', '.join(unknown)} in a fault")
    try:
        fault = _TABLE.validate_python({"name": f"answer:{spec.get('status', 200)}"} | dict(spec))
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors())
        raise ConfigError(f"fault {dict(spec)!r}: {wrong}") from exc
    if fault.spoil and fault.spoil.partition(":")[0] not in SPOILERS:
        raise ConfigError(f"fault {dict(spec)!r}: spoil is one of {', '.join(sorted(SPOILERS))}")
    return fault


def to_faults(specs: Iterable[str | Mapping[str, Any] | Fault]) -> tuple[Fault, ...]:
    """Read a whole script."""
    return tuple(to_fault(spec) for spec in specs)


def _from_text(text: str) -> Fault:
    if text in FAULTS:
        return FAULTS[text]
    match = _SPELLED.fullmatch(text)
    try:
        match match and (match["name"], match["value"]):
            case ("delay", seconds):
                return delay(float(seconds))
            case ("cut", size):
                return cut(int(size))
            case ("stall", size):
                return stall(int(size))
            case ("status", status):
                return answer(int(status), {"error": "Simulated"})
            case ("wrong_size", size) if "x" in size:
                return spoiled(f"wrong_size:{size}")
    except ValueError as exc:
        raise ConfigError(f"fault {text!r}: {exc}") from exc
    near = difflib.get_close_matches(text, FAULTS, n=6, cutoff=0.4) or ("ok", "hang", "hf_429", "black")
    raise ConfigError(f"no fault is called {text!r}; there are {', '.join(near)} and others")
