"""Replicate's flux-dev through the router: ratios instead of sizes, webp by default (PROVIDERS.md, A.4)."""

import asyncio
import re
from typing import Any

from aiohttp import web

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.jobs import Job, State
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_MODELS = frozenset({"black-forest-labs/flux-dev", "black-forest-labs/flux-schnell"})
_RATIOS = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "3:4": (896, 1152),
    "4:3": (1152, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
_FORMATS = {"webp": "webp", "jpg": "jpeg", "png": "png"}
_INPUTS = (
    "prompt",
    "aspect_ratio",
    "num_outputs",
    "num_inference_steps",
    "guidance",
    "seed",
    "output_format",
    "output_quality",
    "disable_safety_checker",
    "go_fast",
    "megapixels",
)
_LONGEST_WAIT_S = 60
_NSFW = "NSFW content detected. Try running it again, or try a different prompt."
_UNITS = {"s": 1, "m": 60, "h": 3600}


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/router/replicate``."""
    one = "/router/replicate/v1/predictions/{id}"
    return [
        web.post("/router/replicate/v1/models/{owner}/{name}/predictions", serve(world, "replicate", _predict)),
        web.get(one, serve(world, "replicate", _poll, step="poll")),
        web.post(f"{one}/cancel", serve(world, "replicate", _cancel, step="cancel")),
    ]


async def _predict(exchange: Exchange) -> web.Response:
    check_hugging_face(exchange)
    info = exchange.request.match_info
    if f"{info['owner']}/{info['name']}" not in _MODELS:
        raise _problem(404, "Not found", "The requested resource could not be found.")
    job = exchange.order(*_read_input(exchange))
    deadline_s = _seconds(exchange.request.headers.get("Cancel-After"))
    if deadline_s is not None:
        loop = asyncio.get_running_loop()
        loop.call_later(deadline_s, exchange.world.jobs.cancel, job)
    asked_s = _wait_of(exchange.request.headers.get("Prefer", ""))
    wait_s = min(asked_s, exchange.world.scenario.longest_wait_seconds)
    try:
        async with asyncio.timeout(wait_s):
            await job.ended.wait()
    except TimeoutError:
        return json_response(_prediction(exchange, job, state="starting"), status=201)
    # A blocking answer may still say "processing" although its output is there.
    state = "processing" if _outcome(job) == "succeeded" else _outcome(job)
    return json_response(_prediction(exchange, job, state=state), status=201)


async def _poll(exchange: Exchange) -> web.Response:
    job = _find(exchange)
    return json_response(_prediction(exchange, job, state=_outcome(job)))


async def _cancel(exchange: Exchange) -> web.Response:
    job = _find(exchange)
    exchange.world.jobs.cancel(job)
    return json_response(_prediction(exchange, job, state=_outcome(job)))


def _find(exchange: Exchange) -> Job:
    check_hugging_face(exchange)
    job = exchange.world.jobs.find(exchange.request.match_info["id"])
    if job is None or job.leg != exchange.leg:
        raise _problem(404, "Not found", "Prediction not found")
    exchange.note(job)
    return job


def _read_input(exchange: Exchange) -> list[Shot]:
    rng = exchange.world.rng
    try:
        fields = Fields(exchange.body).inner("input")
        if exchange.world.scenario.strict_inputs:
            fields.only(_INPUTS, message="Additional property {} is not allowed", kind="extra_forbidden")
        prompt = fields.text("prompt")
        fields.whole("num_inference_steps", 28, least=1, most=50)
        fields.number("guidance", 3.5, least=0, most=10)
        quality = fields.whole("output_quality", 80, least=0, most=100)
        width, height = _RATIOS[fields.choice("aspect_ratio", "1:1", tuple(_RATIOS))]
        if fields.choice("megapixels", "1", ("1", "0.25")) == "0.25":
            width, height = width // 2, height // 2
        seed = fields.whole("seed", rng.getrandbits(31))
        if fields.raw("go_fast", default=True) is True:
            # fp8 kernels: the same seed does not give the same picture.
            seed += 1 + rng.getrandbits(16)
        form = _FORMATS[fields.choice("output_format", "webp", tuple(_FORMATS))]
        count = fields.whole("num_outputs", 1, least=1, most=4)
    except WrongFieldError as wrong:
        where = f"input.{wrong.field}" if wrong.field else "input"
        detail = f"- {where}: {wrong}\n" if wrong.kind != "missing" else f"- {where} is required\n"
        raise _problem(422, "Input validation failed", detail) from wrong
    return [
        Shot(prompt=prompt, seed=seed + number, width=width, height=height, format=form, quality=quality)
        for number in range(count)
    ]


def _outcome(job: Job) -> str:
    match job.state:
        case State.QUEUED:
            return "starting"
        case State.RUNNING:
            return "processing"
        case State.DONE:
            return "failed" if job.is_flagged else "succeeded"
        case State.FAILED:
            return "failed"
        case State.CANCELLED:
            return "canceled"
        case State.ABORTED:
            return "aborted"


def _prediction(exchange: Exchange, job: Job, *, state: str) -> dict[str, Any]:
    is_there = job.state is State.DONE and not job.is_flagged
    error = None
    if _outcome(job) == "failed":
        error = _NSFW if job.is_flagged else "Prediction failed: CUDA out of memory"
    url = f"https://api.replicate.com/v1/predictions/{job.id}"
    return {
        "id": job.id,
        "model": "black-forest-labs/flux-dev",
        "version": "hidden",
        "input": {"prompt": job.shots[0].prompt, "seed": job.shots[0].seed},
        "logs": f"Using seed: {job.shots[0].seed}\n" if is_there else "",
        "output": list(exchange.world.result_urls(job)) if is_there else None,
        "error": error,
        "status": state,
        "created_at": "2026-10-01T12:00:00.000Z",
        "started_at": "2026-10-01T12:00:00.100Z" if job.state is not State.QUEUED else None,
        "completed_at": "2026-10-01T12:00:03.200Z" if job.is_over else None,
        "metrics": {"predict_time": round(job.took_s, 3)} if is_there else {},
        "urls": {"get": url, "cancel": f"{url}/cancel", "stream": f"{url}/stream"},
    }


def _wait_of(prefer: str) -> float:
    """Seconds that ``Prefer: wait`` or ``wait=1..60`` asks to block; 0 without it."""
    match = re.fullmatch(r"wait(=(\d+))?", prefer.strip())
    if match is None:
        return 0
    return min(max(int(match[2] or _LONGEST_WAIT_S), 1), _LONGEST_WAIT_S)


def _seconds(text: str | None) -> float | None:
    """``90s``, ``1m`` or ``1h`` of the ``Cancel-After`` header."""
    match = re.fullmatch(r"(\d+)([smh])", text or "")
    return int(match[1]) * _UNITS[match[2]] if match else None


def _problem(status: int, title: str, detail: str) -> Rejection:
    body = {"title": title, "detail": detail, "status": status}
    return Rejection(answer(status, body, name=f"replicate_{status}"))
