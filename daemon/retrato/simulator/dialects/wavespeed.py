"""Wavespeed's flux-dev through the router: ``size "W*H"``, submit and poll (PROVIDERS.md, A.4)."""

import asyncio
from typing import Any

from aiohttp import web

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.jobs import Job, State
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_MODELS = frozenset({"flux-dev", "flux-schnell"})
_SIDES = (256, 1536)
_STATUS = {
    State.QUEUED: "created",
    State.RUNNING: "processing",
    State.DONE: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.ABORTED: "failed",
}


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/router/wavespeed``."""
    base = "/router/wavespeed/api/v3"
    return [
        web.post(f"{base}/wavespeed-ai/{{model}}", serve(world, "wavespeed", _submit)),
        web.get(f"{base}/predictions/{{id}}/result", serve(world, "wavespeed", _result, step="poll")),
    ]


async def _submit(exchange: Exchange) -> web.Response:
    check_hugging_face(exchange)
    if exchange.request.match_info["model"] not in _MODELS:
        raise _problem(404, "Model not found")
    job = exchange.order(*_read_input(exchange))
    if exchange.body.get("enable_sync_mode") is not True:
        return json_response(_envelope(exchange, job, status="created"))
    try:
        async with asyncio.timeout(exchange.world.scenario.longest_wait_seconds):
            await job.ended.wait()
    except TimeoutError:
        late = _envelope(exchange, job)
        late["data"] |= {"code": 5004, "error": "Sync mode timed out. The task goes on; please poll."}
        return json_response(late)
    return json_response(_envelope(exchange, job))


async def _result(exchange: Exchange) -> web.Response:
    check_hugging_face(exchange)
    job = exchange.world.jobs.find(exchange.request.match_info["id"])
    if job is None or job.leg != exchange.leg:
        raise _problem(404, "Prediction not found")
    exchange.note(job)
    return json_response(_envelope(exchange, job))


def _read_input(exchange: Exchange) -> list[Shot]:
    try:
        fields = Fields(exchange.body)
        prompt = fields.text("prompt")
        width, height = fields.size("size", "1024*1024", between="*", sides=_SIDES)
        fields.whole("num_inference_steps", 28, least=1, most=50)
        fields.number("guidance_scale", 3.5, least=0, most=20)
        seed = fields.whole("seed", -1, least=-1)
        form = fields.choice("output_format", "jpeg", ("jpeg", "png", "webp"))
        count = fields.whole("num_images", 1, least=1, most=4)
    except WrongFieldError as wrong:
        raise _problem(400, f"{wrong.field}: {wrong}") from wrong
    if seed == -1:
        seed = exchange.world.rng.getrandbits(31)
    return [
        Shot(prompt=prompt, seed=seed + number, width=width, height=height, format=form) for number in range(count)
    ]


def _envelope(exchange: Exchange, job: Job, *, status: str = "") -> dict[str, Any]:
    is_there = job.state is State.DONE and not status
    status = status or _STATUS[job.state]
    data = {
        "id": job.id,
        "model": "wavespeed-ai/flux-dev",
        "outputs": list(exchange.world.result_urls(job)) if is_there else [],
        "urls": {"get": f"https://api.wavespeed.ai/api/v3/predictions/{job.id}/result"},
        "has_nsfw_contents": [job.is_flagged] * len(job.shots) if is_there else [],
        "status": status,
        "created_at": "2026-10-01T12:00:00.000Z",
        "error": "Task failed: worker error" if status == "failed" else "",
        "timings": {"inference": round(job.took_s * 1000)},
    }
    return {"code": 200, "message": "success", "data": data}


def _problem(status: int, message: str) -> Rejection:
    return Rejection(answer(status, {"code": status, "message": message}, name=f"wavespeed_{status}"))
