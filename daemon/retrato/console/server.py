"""
The daemon's HTTP side: is it alive, is it ready, the pictures, the pages, the API.

A taken port is no reason to stop drawing: then the daemon says so, names the setting and works on without.
"""

import asyncio
from errno import EADDRINUSE

import structlog
from aiohttp import web

from retrato.console import api, pages
from retrato.console.assets import serve
from retrato.console.desk import Desk
from retrato.console.doorman import doorman
from retrato.console.events import stream
from retrato.console.gate import OPEN, Gate, House
from retrato.console.hall import Hall
from retrato.console.live import Live
from retrato.console.pictures import Pictures
from retrato.console.probes import Probe, Probes, is_stopping
from retrato.console.scrapes import Scrapes
from retrato.console.whereabouts import login_link, url_of
from retrato.domain.errors import RetratoError
from retrato.metrics.metrics import Metrics
from retrato.storage.picture_store import PictureStore
from retrato.supervise import Pulse

log = structlog.get_logger()

_LARGEST_BODY = 256 * 1024


class Console:
    """
    Serves probes and, once it has what it takes, pictures and pages.

    Listening comes first: a daemon that waits for its database is alive, and the pictures' addresses begin with
    where this listens. What there is to be ready for, the store and the desk come when they are open. Without
    *with_pages* there are probes only; *metrics_port* gives these a port of their own.
    """

    name = "console"

    def __init__(
        self, house: House, port: int, *, metrics_port: int | None = None, with_pages: bool = True
    ) -> None:
        self._house = house
        self._gate = Gate(house)
        self._port = port
        self._metrics_port = metrics_port
        self._with_pages = with_pages
        self._probes = Probes()
        self._scrapes = Scrapes()
        self._pictures = Pictures()
        self._hall = Hall()
        self._live: Live | None = None
        self._runners: list[web.AppRunner] = []
        self.url: str | None = None
        """Where it listens, None while it does not."""
        self.metrics_url: str | None = None
        """Where probes and metrics are answered."""

    async def listen(self) -> None:
        """Listen, or warn that a port is taken."""
        self.url = self.metrics_url = await self._serve(self._application(), self._port, "RETRATO_CONSOLE_PORT")
        if self._metrics_port is not None:
            probes = web.Application()
            probes.add_routes([*self._probes.routes(), *self._scrapes.routes()])
            self.metrics_url = await self._serve(probes, self._metrics_port, "RETRATO_METRICS_PORT")
        if self.url is not None:
            log.info("console.started", url=self.url, probes_url=self.metrics_url)

    def login_link(self, page: str = "") -> str | None:
        """An address that logs a browser of this machine in and leads to *page*; None where nobody can log in."""
        if self.url is None or self._house.token is None or not self._with_pages:
            return None
        return login_link(self.url, self._house.token, page=page)

    def ready_when(self, probe: Probe) -> None:
        """From now on ``/readyz`` asks *probe*."""
        self._probes.probe = probe

    def not_ready(self, reason: RetratoError) -> None:
        """Until there is something else to ask, ``/readyz`` and the pages answer 503 with *reason*."""
        self._probes.not_ready(reason)
        self._hall.reason = reason

    def alive_while(self, pulse: Pulse) -> None:
        """From now on ``/healthz`` asks *pulse*."""
        self._probes.pulse = pulse

    def measure(self, metrics: Metrics) -> None:
        """Answer ``/metrics`` with *metrics* from now on, and count the open pages there."""
        self._scrapes.metrics = metrics
        metrics.sse_clients.set_function(lambda: self._live.open_pages if self._live is not None else 0)

    def show(
        self, store: PictureStore, *, signed_url_s: int | None = None, picture_origin: str | None = None
    ) -> None:
        """
        Serve the pictures of *store* from now on.

        With *signed_url_s* those of a bucket by redirects to addresses that are good for so many seconds; these
        lead to *picture_origin*, from where the pages may then show pictures too.
        """
        self._pictures.store = store
        self._pictures.signed_url_s = signed_url_s
        self._gate.picture_origin = picture_origin

    def open_pages(self, desk: Desk) -> None:
        """Serve pages and API from now on."""
        self._live = self._hall.furnish(desk)
        self._gate.logouts = desk

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until *stop*; then the live events of open pages end, at once, and ``/readyz`` says no."""
        if self._live is not None:
            await self._live.run(stop)
        await stop.wait()
        self._probes.probe = is_stopping

    async def close(self) -> None:
        """Stop listening; the probes answer until the very end of a drain."""
        for runner in self._runners:
            await runner.cleanup()

    def _application(self) -> web.Application:
        gate = self._gate
        app = web.Application(middlewares=[doorman(gate)], client_max_size=_LARGEST_BODY)
        if self._metrics_port is None:
            app.add_routes([*self._probes.routes(), *self._scrapes.routes(gate)])
        if self._with_pages:
            app.add_routes(self._pictures.routes())
            app.add_routes(pages.routes(pages.Pages(self._hall, gate)))
            app.add_routes(api.routes(api.Api(self._hall)))
            app.router.add_get("/static/{digest}/{name:.+}", serve, name=f"{OPEN}static")
            app.router.add_get("/events", self._events)
        return app

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await stream(request, self._hall.live, self._gate)

    async def _serve(self, app: web.Application, port: int, setting: str) -> str | None:
        """Listen for *app*; returns its address, None where the port is taken."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._house.host, port).start()
        except OSError as exc:
            await runner.cleanup()
            mend = f"free the port or set {setting}" if exc.errno == EADDRINUSE else "set RETRATO_CONSOLE_HOST"
            log.warning("console.not_started", reason=str(exc), remedy=f"{mend}; pictures are drawn all the same")
            return None
        self._runners.append(runner)
        return url_of(*runner.addresses[0][:2])
