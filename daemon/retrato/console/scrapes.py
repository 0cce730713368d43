"""``/metrics``: numbers for Prometheus, which tell of business and money and are therefore not for everybody."""

from aiohttp import web

from retrato.console.gate import OPEN, Gate, RefusedError
from retrato.domain.errors import RetratoError
from retrato.metrics.metrics import Metrics


class Scrapes:
    """Answers who scrapes; what the daemon counts comes when it is built."""

    def __init__(self) -> None:
        self.metrics = Metrics()

    def routes(self, gate: Gate | None = None) -> list[web.RouteDef]:
        """
        Where they are found.

        With *gate* only those are answered whom it admits: who bears the token, or this machine where none is set.
        A port of its own has none: there the network decides. The doorman lets everybody pass, since what he says
        is for people.
        """

        async def answer(request: web.Request) -> web.Response:
            try:
                if gate is not None:
                    await gate.admit_scrape(request)
            except RefusedError as refused:
                return web.Response(status=refused.status, text=f"{refused}\n")
            except RetratoError as exc:
                return web.Response(status=503, text=f"{exc}\n")
            body, content_type = await self.metrics.scrape(request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": content_type})

        return [web.get("/metrics", answer, name=f"{OPEN}metrics")]
