"""The OpenAI images API, at OpenAI's or at any server that speaks it."""

from collections.abc import Sequence

from retrato.domain.errors import MisconfiguredError
from retrato.providers.access import Access
from retrato.providers.catalogue import LegInfo, leg_info
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg
from retrato.providers.openai_images import ImagesLeg, read_openai, read_together
from retrato.providers.openai_options import is_hosted, options_for, server_at

NAME = "openai"
_KEY = "OPENAI_API_KEY"


class OpenAI:
    """
    One leg, named after the server: ``openai/openai``, ``openai/together``, … ``openai/compatible``.

    A server that is nobody's product may be asked without a key.
    """

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        server = server_at(config.openai_base_url)
        self._key = config.openai_key
        self._is_open = not is_hosted(config.openai_base_url)
        self._options = options_for(server, config.openai_model, config.openai_options)
        own = {name.lower() for name in self._options.extra_headers}
        has_bearer = self._key and "authorization" not in own
        authorization = {"Authorization": f"Bearer {self._key}"} if has_bearer else {}
        self._leg = ImagesLeg(
            Access(
                http=http,
                leg=f"{NAME}/{server}",
                base_url=config.openai_base_url,
                headers={**authorization, **self._options.extra_headers},
                readers=(read_openai, read_together) if server == "together" else (read_openai,),
            ),
            provider=NAME,
            model=config.openai_model,
            options=self._options,
            is_priced_by_tokens=server == "openai",
        )

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        if not (self._key or self._is_open):
            raise MisconfiguredError(f"{NAME}: no key; set {_KEY}", leg=NAME, sent=False)
        return (self._leg,)

    def catalogue(self) -> Sequence[LegInfo]:
        """See `Provider.catalogue`."""
        info = leg_info(
            self._leg.name,
            model=self._leg.model,
            key_setting=_KEY,
            key_present=bool(self._key),
            usable=bool(self._key) or self._is_open,
            price_usd=self._options.price_usd,
        )
        return [info]

    async def credit_left(self) -> float | None:
        """See `Provider.credit_left`; the API does not tell."""
        return None

    async def close(self) -> None:
        """Nothing of its own is open."""
