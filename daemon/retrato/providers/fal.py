"""fal.ai with an account of one's own: its queue first, its synchronous route behind it."""

import json
from collections.abc import Mapping, Sequence

from retrato.domain.errors import MisconfiguredError
from retrato.providers.access import Access
from retrato.providers.catalogue import LegInfo, leg_info
from retrato.providers.config import ProvidersConfig
from retrato.providers.fal_dialect import read_fal_account
from retrato.providers.fal_queue import FalQueueLeg
from retrato.providers.fal_run import FalRunLeg
from retrato.providers.http import Http
from retrato.providers.leg import Leg

NAME = "fal"
_KEY = "FAL_KEY"
_QUEUE, _RUN = f"{NAME}/queue", f"{NAME}/run"

_DRAWING_S = 10.0
"""The part of our time that is kept for the drawing itself: 2 to 6 s as a rule."""
_SHORTEST_WAIT_S = 2
_KEEP_S = 3600
"""As long as the queue keeps a result; unasked, pictures stay public for a week or more."""


class Fal:
    """Two legs on one account. A lock of the account closes both."""

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._http = http
        self._key = config.fal_key
        self._queue_url = config.fal_queue_url
        self._run_url = config.fal_run_url
        self._app = config.fal_model

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        if not self._key:
            raise MisconfiguredError(f"{NAME}: no key; set {_KEY}", leg=NAME, sent=False)
        queue = FalQueueLeg(
            self._access(_QUEUE, self._queue_url),
            provider=NAME,
            model=self._app,
            app=self._app,
            order_headers=self._order_headers(),
        )
        # Prompts and results of the synchronous route are not kept by fal: nobody collects them later. What
        # the queue keeps is what an order is resumed from.
        run = FalRunLeg(
            self._access(_RUN, self._run_url),
            provider=NAME,
            app=self._app,
            order_headers={**self._order_headers(), "X-Fal-Store-IO": "0"},
        )
        return queue, run

    def catalogue(self) -> Sequence[LegInfo]:
        """See `Provider.catalogue`."""
        notes = {_QUEUE: "a paid order is collected later, or taken back", _RUN: "when the queue is away"}
        return [
            leg_info(leg, model=self._app, key_setting=_KEY, key_present=bool(self._key), note=note)
            for leg, note in notes.items()
        ]

    async def credit_left(self) -> float | None:
        """See `Provider.credit_left`; fal's balance is on its dashboard only."""
        return None

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _access(self, leg: str, base_url: str) -> Access:
        return Access(
            http=self._http,
            leg=leg,
            base_url=base_url,
            headers={"Authorization": f"Key {self._key}"},
            readers=(read_fal_account,),
        )

    def _order_headers(self) -> Mapping[str, str]:
        # An order that nobody has begun by then fails with 504 and costs nothing, instead of being drawn, and
        # charged, when we have long gone to another leg (fal.ai/docs common-parameters, 2026-11).
        wait_s = max(_SHORTEST_WAIT_S, int(self._http.timeout_s - _DRAWING_S))
        return {
            "X-Fal-Request-Timeout": str(wait_s),
            "X-Fal-Object-Lifecycle-Preference": json.dumps({"expiration_duration_seconds": _KEEP_S}),
        }
