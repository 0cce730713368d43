"""Pollinations: the present API with a key, the anonymous old host without one."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    DownError,
    GoneError,
    OutOfCreditError,
    RefusedError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access, Answer
from retrato.providers.config import ProvidersConfig
from retrato.providers.exchange import Reply
from retrato.providers.http import Http
from retrato.providers.leg import Leg, NoteRequest
from retrato.providers.prices import cost_usd
from retrato.providers.replies import Verdict, Words

NAME = "pollinations"
_LONGEST_GET = 2048
"""Bytes of an address that surely pass everywhere; longer prompts go by POST."""
_LONGEST_LEGACY_GET = 8192
"""The old host knows no POST; its front takes about 16 KB (Cloudflare)."""
_THROTTLED_S = 60.0
"""One picture a minute is what the old host lasts (30-45 s in 2026, growing)."""


class Pollinations:
    """One leg: ``pollinations/gen`` with a key, ``pollinations/legacy`` without."""

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._leg: Leg
        if config.pollinations_key:
            self._leg = PollinationsLeg(http, base_url=config.pollinations_url, key=config.pollinations_key)
        else:
            self._leg = LegacyLeg(http, base_url=config.pollinations_legacy_url)

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        return (self._leg,)

    async def close(self) -> None:
        """Nothing of its own is open."""
