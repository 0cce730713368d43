"""
What tells one account of a provider from another without telling its key.

A suspension that only a person can end belongs to the settings that the person changes: the key wherever it was
read from, but also the address, the model, and who pays. So all settings of a provider go into its fingerprint.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from retrato.providers.config import ProvidersConfig

_BYTES = 8
_COST = 2**14
"""About 50 ms and 16 MiB for each guess at a key, on top of the salt (RFC 7914, section 2)."""


def fingerprints(config: ProvidersConfig, *, salt: str) -> Mapping[str, str]:
    """
    Provider → fingerprint of its settings, 16 hexadecimal digits, for the providers of *config*.

    *salt* is the installation's: equal keys in two databases have different fingerprints. Takes a moment of CPU.
    """
    values = asdict(config)
    return {
        name: _digest({key: value for key, value in values.items() if key.startswith(f"{name}_")}, salt)
        for name in config.providers
    }


def _digest(values: Mapping[str, object], salt: str) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.scrypt(text.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=_BYTES).hex()
