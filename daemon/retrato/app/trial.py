"""Addresses as this configuration would give them, for a trial write (`store.trial`)."""

from retrato.console.whereabouts import url_of
from retrato.settings import Settings
from retrato.storage.keys import picture_keys
from retrato.store.trial import Addresses

_A_LONG_RUN = 10**9
"""So many claims are remembered by the numbers in an address."""


def example_addresses(settings: Settings) -> Addresses:
    """What makes addresses as long as they may come to be in years."""
    prefix = (settings.public_url or f"{url_of(settings.console_host, settings.console_port)}/avatars").rstrip("/")

    def addresses(empresa_id: str, persona_id: str) -> tuple[str, str]:
        keys = picture_keys(
            empresa_id=empresa_id, persona_id=persona_id, version=99, token=_A_LONG_RUN, sha256="0" * 64
        )
        return f"{prefix}/{keys.image}", f"{prefix}/{keys.thumbnail}"

    return addresses
