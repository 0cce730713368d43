"""
The daemon's HTTP side: is it alive, is it ready, the pictures, the pages, the API.

A taken port is told, with the name of the setting, and tried again; the daemon goes on where the pictures have a
public address without it (services/public_address.py).
"""

import asyncio

import structlog
from aiohttp import web

from retrato.console import api, pages, views
from retrato.console.assets import serve
from retrato.console.connections import Connections, most_connections
from retrato.console.desk import Desk
from retrato.console.doorman import doorman
from retrato.console.events import stream
from retrato.console.gate import OPEN, Gate, House
from retrato.console.hall import Hall
from retrato.console.live import Live
from retrato.console.pictures import Pictures
from retrato.console.probes import Probe, Probes, is_stopping
from retrato.console.scrapes import Scrapes
from retrato.console.site import Site
from retrato.console.whereabouts import login_link
from retrato.domain.errors import RetratoError
from retrato.metrics.metrics import Metrics
from retrato.storage.picture_store import PictureStore
from retrato.supervise import Pulse, sustain, wait_for_any

log = structlog.get_logger()

_LARGEST_BODY = 256 * 1024
_MOST_OF_PROBES = 64
_LISTEN_AGAIN_S = 30.0


class Console:
    """
    Serves probes and, once it has what it takes, pictures and pages.

    Listening comes first: a daemon that waits for its database is alive, and the pictures' addresses begin with
    where this listens. What there is to be ready for, the store and the desk come when they are open. Without
    *with_pages* there are probes only, and pictures where *with_pictures* says so; *metrics_port* gives these a
    port of their own. A port that is taken is tried again every *listen_again_s* seconds.
    """

    name = "console"

    def __init__(
        self,
        house: House,
        port: int,
        *,
        metrics_port: int | None = None,
        with_pages: bool = True,
        with_pictures: bool | None = None,
        listen_again_s: float = _LISTEN_AGAIN_S,
    ) -> None:
        self._house = house
        self._gate = Gate(house)
        self._metrics_port = metrics_port
        self._with_pages = with_pages
        self.serves_pictures = with_pages if with_pictures is None else with_pictures
        """Under ``/avatars``, while it listens."""
        self._probes = Probes()
        self._scrapes = Scrapes()
        self._pictures = Pictures()
        self._hall = Hall()
        self._live: Live | None = None
        self._metrics = self._scrapes.metrics
        self._listen_again_s = listen_again_s
        most = most_connections()
        self._sites = [
            Site(
                self._application(),
                Connections(most=most, body_bytes=_LARGEST_BODY),
                house.host,
                port,
                setting="RETRATO_CONSOLE_PORT",
            )
        ]
        if metrics_port is not None:
            probes = Connections(most=min(_MOST_OF_PROBES, most))
            self._sites.append(
                Site(self._probes_only(), probes, house.host, metrics_port, setting="RETRATO_METRICS_PORT")
            )
        self.url: str | None = None
        """Where it listens, None while it does not."""
        self.metrics_url: str | None = None
        """Where probes and metrics are answered."""

    async def listen(self) -> None:
        """Read all that pages are made of and listen, or warn that a port is taken; then `run` tries again."""
        if self._with_pages:
            views.read_all()
        for site in self._sites:
            await site.listen()
        self._settle()
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
        self._metrics = metrics
        for site in self._sites:
            site.connections.metrics = metrics
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
        self._live = self._hall.furnish(desk, on_failure=self._failed)
        self._gate.logouts = desk

    def _failed(self, name: str) -> None:
        self._metrics.service_failed(name)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until *stop*; then the live events of open pages end, at once, and ``/readyz`` says no."""
        async with asyncio.TaskGroup() as group:
            listening = sustain(self.name, self._keep_listening, stop, on_failure=self._failed)
            group.create_task(listening)
            if self._live is not None:
                await self._live.run(stop)
            await stop.wait()
            self._probes.probe = is_stopping

    async def close(self) -> None:
        """Stop listening; the probes answer until the very end of a drain."""
        for site in self._sites:
            await site.close()

    async def _keep_listening(self, stop: asyncio.Event) -> None:
        """Try again to listen where a port was taken, or no descriptor was left."""
        while not stop.is_set():
            if all(site.url is not None for site in self._sites):
                await stop.wait()
                return
            await wait_for_any(stop, timeout_s=self._listen_again_s)
            for site in self._sites:
                if site.url is None and not stop.is_set() and await site.listen():
                    self._settle()
                    log.info("console.started", url=self.url, probes_url=self.metrics_url)

    def _settle(self) -> None:
        self.url, self.metrics_url = self._sites[0].url, self._sites[-1].url

    def _application(self) -> web.Application:
        gate = self._gate
        guards = [doorman(gate)] if self._with_pages else []  # what is there without pages decides for itself
        app = web.Application(middlewares=guards, client_max_size=_LARGEST_BODY)
        if self._metrics_port is None:
            app.add_routes([*self._probes.routes(), *self._scrapes.routes(gate)])
        if self.serves_pictures:
            app.add_routes(self._pictures.routes())
        if self._with_pages:
            app.add_routes(pages.routes(pages.Pages(self._hall, gate)))
            app.add_routes(api.routes(api.Api(self._hall)))
            app.router.add_get("/static/{digest}/{name:.+}", serve, name=f"{OPEN}static")
            app.router.add_get("/events", self._events)
        return app

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await stream(request, self._hall.live, self._gate)

    def _probes_only(self) -> web.Application:
        app = web.Application()
        app.add_routes([*self._probes.routes(), *self._scrapes.routes()])
        return app
