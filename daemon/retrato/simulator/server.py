"""The simulator itself: one server, all providers by path prefix, the result host on a port of its own."""

from types import TracebackType
from typing import Self

from aiohttp import web

from retrato.domain.errors import ConfigError
from retrato.simulator import admin
from retrato.simulator.dialects import (
    cdn,
    fal,
    hf_inference,
    hub,
    inline,
    openai,
    pollinations,
    pollinations_legacy,
    replicate,
    router,
    wavespeed,
)
from retrato.simulator.scenario import Scenario
from retrato.simulator.urls import Urls, urls_at
from retrato.simulator.world import World

# Order matters: the router's catch-all comes after its providers.
_ROUTES = (
    admin,
    hub,
    hf_inference,
    replicate,
    wavespeed,
    inline,
    fal,
    router,
    pollinations,
    pollinations_legacy,
    openai,
    cdn,
)
_STOP_SECONDS = 0.05
_KEYS = {
    "huggingface": ("RETRATO_HUGGINGFACE_API_KEY", "hf_simulated"),
    "pollinations": ("RETRATO_POLLINATIONS_API_KEY", "sk_simulated"),
    "fal": ("RETRATO_FAL_KEY", "simulated:simulated"),
    "openai": ("RETRATO_OPENAI_API_KEY", "sk-simulated"),
}
"""Account → setting of its key, and a well-formed one, for where the scenario names none that it accepts."""


class Simulator:
    """
    All providers at once: ``async with Simulator(scenario) as simulator: simulator.urls…``.

    ``port`` 0 is any free one. The result host gets ``cdn_port``: by default the next port, or any free one.
    ``host`` is bound; ``advertise`` is the name that the URLs carry, by default *host*.

    Raises:
        ConfigError: a port is taken, or the host is none of this machine's.

    """

    urls: Urls

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        cdn_port: int | None = None,
        advertise: str | None = None,
    ) -> None:
        self.world = World(scenario or Scenario())
        self.base_url = ""
        self._host = host
        self._advertise = advertise or host
        self._port = port
        self._cdn_port = cdn_port if cdn_port is not None else (port + 1 if port else 0)
        self._runner: web.AppRunner | None = None

    def settings(self) -> dict[str, str]:
        """The environment with which a daemon draws here, whichever providers it asks: addresses and keys."""
        accepted = self.world.scenario.keys
        keys = {setting: (accepted.get(account) or (key,))[0] for account, (setting, key) in _KEYS.items()}
        return {**self.urls.as_settings(), **keys}

    async def __aenter__(self) -> Self:
        app = web.Application()
        for part in _ROUTES:
            app.add_routes(part.routes(self.world))
        # A client that leaves cancels its handler, as behind a real gateway; the jobs are tasks of their own.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS
        )
        await self._runner.setup()
        try:
            self.base_url = await self._bind(self._runner, self._port)
            cdn_base = await self._bind(self._runner, self._cdn_port)
        except OSError as exc:
            await self._close()
            raise ConfigError(f"the simulator cannot listen on {self._host}: {exc.strerror or exc}") from exc
        self.urls = urls_at(self.base_url, result_host=cdn_base.removeprefix("http://"))
        self.world.cdn_url = f"{cdn_base}/cdn"
        self.world.falqueue_url = self.urls.fal_queue
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _bind(self, runner: web.AppRunner, port: int) -> str:
        site = web.TCPSite(runner, self._host, port)
        await site.start()
        bound: int = runner.addresses[-1][1]
        return f"http://{self._advertise}:{bound}"

    async def _close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await self.world.close()
