"""fal: the synchronous route and the queue, on its own hosts and through Hugging Face (PROVIDERS.md, A.4, C)."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from aiohttp import web

from retrato.simulator.dialects.fal_input import read_input
from retrato.simulator.dialects.keys import check_fal, check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, reject, serve, to_response
from retrato.simulator.fault import answer
from retrato.simulator.faults import FAULTS
from retrato.simulator.jobs import Job, State
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_APPS = {"fal-ai/flux/dev": 28, "fal-ai/flux/schnell": 4}
_QUEUE_HOST = "https://queue.fal.run"


def routes(world: World) -> list[web.RouteDef]:
    """``/router/fal-ai``, ``/fal`` (synchronous) and ``/falqueue``."""
    router = _Fal(world, leg="fal-ai", check=check_hugging_face, is_router=True)
    direct = _Fal(world, leg="fal", check=check_fal)
    queue = _Fal(world, leg="falqueue", check=check_fal)
    return [
        web.post("/router/fal-ai/{app:.+}", serve(world, "fal-ai", router.submit_or_draw)),
        *_follow_ups(world, "/router/fal-ai", router),
        web.post("/fal/{app:.+}", serve(world, "fal", direct.draw)),
        web.post("/falqueue/{app:.+}", serve(world, "falqueue", queue.submit)),
        *_follow_ups(world, "/falqueue", queue),
    ]


def _follow_ups(world: World, prefix: str, fal: "_Fal") -> list[web.RouteDef]:
    # The sub-path of the application (``/dev``) is not part of these.
    request = f"{prefix}/{{owner}}/{{name}}/requests/{{id}}"
    return [
        web.get(f"{request}/status", serve(world, fal.leg, fal.status, step="status")),
        web.get(request, serve(world, fal.leg, fal.result, step="result")),
        web.put(f"{request}/cancel", serve(world, fal.leg, fal.cancel, step="cancel")),
    ]


class _Fal:
    """One way to reach fal. Through the router the queue is told by ``?_subdomain=queue``."""

    def __init__(
        self, world: World, *, leg: str, check: Callable[[Exchange], None], is_router: bool = False
    ) -> None:
        self.leg = leg
        self._world = world
        self._check = check
        self._is_router = is_router

    async def submit_or_draw(self, exchange: Exchange) -> web.Response:
        if exchange.request.query.get("_subdomain") == "queue":
            return await self.submit(exchange)
        return await self.draw(exchange)

    async def draw(self, exchange: Exchange) -> web.Response:
        """The synchronous route: the answer is the result."""
        job = await exchange.done(self._order(exchange))
        return await self._to_result(exchange, job)

    async def submit(self, exchange: Exchange) -> web.Response:
        """The queue: the answer is where to ask."""
        app = exchange.request.match_info["app"]
        job = self._order(exchange)
        url = self._url(app.split("/"), job)
        answer_body = {
            "status": "IN_QUEUE",
            "request_id": job.id,
            "response_url": url,
            "status_url": f"{url}/status",
            "cancel_url": f"{url}/cancel",
            "queue_position": 0,
        }
        return json_response(answer_body, x_fal_request_id=job.id)

    async def status(self, exchange: Exchange) -> web.Response:
        job = self._job(exchange)
        info = exchange.request.match_info
        url = self._url([info["owner"], info["name"]], job)
        body: dict[str, Any] = {"request_id": job.id, "response_url": url, "logs": []}
        match job.state:
            case State.QUEUED:
                return json_response({"status": "IN_QUEUE", "queue_position": 0} | body, status=202)
            case State.RUNNING:
                return json_response({"status": "IN_PROGRESS"} | body, status=202)
        body |= {"status": "COMPLETED", "metrics": {"inference_time": round(job.took_s, 3)}}
        if job.state is not State.DONE:
            body |= _error_of(job)
        return json_response(body)

    async def result(self, exchange: Exchange) -> web.Response:
        job = self._job(exchange)
        if not job.is_over:
            # Wording not in the facts.
            raise Rejection(answer(400, {"detail": "Request is still in progress"}, name="fal_in_progress"))
        if job.state is State.FAILED:
            return to_response(job.fault)
        if job.state is not State.DONE:
            raise Rejection(answer(499, {"detail": "Request was cancelled", "error_type": "client_cancelled"}))
        return await self._to_result(exchange, job)

    async def cancel(self, exchange: Exchange) -> web.Response:
        self._check(exchange)
        job = self._world.jobs.find(exchange.request.match_info["id"])
        if job is None or job.leg != self.leg:
            return json_response({"status": "NOT_FOUND"}, status=404)
        if not self._world.jobs.cancel(job):
            return json_response({"status": "ALREADY_COMPLETED"}, status=400)
        return json_response({"status": "CANCELLATION_REQUESTED"}, status=202)

    def _order(self, exchange: Exchange) -> Job:
        job = exchange.order(*self._shots(exchange))
        start_s = exchange.request.headers.get("X-Fal-Request-Timeout")
        if start_s is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(float(start_s), self._world.jobs.expire, job, FAULTS["fal_504_user_timeout"])
        return job

    def _shots(self, exchange: Exchange) -> list[Shot]:
        self._check(exchange)
        app = exchange.request.match_info["app"]
        if self._is_router and app.startswith("models/"):
            raise reject("hf_400_not_supported")
        if app not in _APPS:
            # Wording not in the facts.
            raise Rejection(answer(404, {"detail": f"Application '{app}' not found"}, name="fal_404"))
        return read_input(exchange.body, steps=_APPS[app], random_seed=self._world.rng.getrandbits(31))

    def _url(self, app: list[str], job: Job) -> str:
        # Through the router these still name fal's own host, which the token of Hugging Face cannot reach.
        base = _QUEUE_HOST if self._is_router else self._world.falqueue_url
        return f"{base}/{app[0]}/{app[1]}/requests/{job.id}"

    def _job(self, exchange: Exchange) -> Job:
        self._check(exchange)
        if self._is_router and exchange.request.query.get("_subdomain") != "queue":
            raise reject("hf_404")
        info = exchange.request.match_info
        job = self._world.jobs.find(info["id"])
        if job is None or job.leg != self.leg:
            raise reject("poll_404")
        exchange.note(job)
        return job

    async def _to_result(self, exchange: Exchange, job: Job) -> web.Response:
        is_inline = isinstance(exchange.body, dict) and exchange.body.get("sync_mode") is True
        if is_inline:
            urls = [await self._inline(shot) for shot in job.shots]
        else:
            urls = list(self._world.result_urls(job))
        images = [
            {"url": url, "content_type": shot.content_type, "width": shot.width, "height": shot.height}
            for url, shot in zip(urls, job.shots, strict=True)
        ]
        body = {
            "images": images,
            "timings": {"inference": round(job.took_s, 3)},
            "seed": job.shots[0].seed,
            "has_nsfw_concepts": [job.is_flagged] * len(images),
            "prompt": job.shots[0].prompt,
        }
        return json_response(body, x_fal_request_id=job.id, x_fal_billable_units=str(len(images)))

    async def _inline(self, shot: Shot) -> str:
        data = await self._world.studio.develop(shot)
        return f"data:{shot.content_type};base64,{base64.b64encode(data).decode()}"


def _error_of(job: Job) -> dict[str, str]:
    """How a failed job looks in its status."""
    detail = job.fault.body if isinstance(job.fault.body, dict) else {}
    match detail.get("detail"):
        case [{"type": str(kind), "msg": str(message)}, *_]:
            return {"error": message, "error_type": kind}
        case str(message):
            return {"error": message, "error_type": detail.get("error_type", "runner_server_error")}
    return {"error": "Request was cancelled", "error_type": "client_cancelled"}
