"""Pollinations, the present API at gen.pollinations.ai (PROVIDERS.md, B.1)."""

import base64
import json
import math
import random
from typing import Any

from aiohttp import web

from retrato.simulator.dialects.keys import check_pollinations
from retrato.simulator.exchange import Exchange, json_response, reject, serve
from retrato.simulator.faults.pollinations import gen_envelope
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_DEFAULT_SEED = 42
_LARGEST_SEED = 2**31 - 1
_LONGEST_SIDE = 2048
_ONE_MEGAPIXEL = 1024 * 1024
_LONGEST_PROMPT = 32_000
MODELS = {"flux": 0.002, "zimage": 0.004, "klein": 0.01, "sana": 0.0001, "dreamshaper": 0.0001}


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/gen``."""
    return [
        web.get("/gen/image/models", serve(world, "gen", _models, step="models")),
        web.get("/gen/v1/models", serve(world, "gen", _openai_models, step="models")),
        web.get("/gen/image/{prompt:.+}", serve(world, "gen", _get)),
        web.post("/gen/v1/images/generations", serve(world, "gen", _post)),
        web.get("/gen/account/balance", serve(world, "gen", _balance, step="balance")),
    ]


async def _get(exchange: Exchange) -> web.Response:
    _check_agent(exchange)
    check_pollinations(exchange)
    query = exchange.request.query
    shot = _shot(exchange, exchange.request.match_info["prompt"], query)
    same = "" if query.get("no-cache") == "true" else _same("GET", shot, query)
    is_hit = exchange.world.has(same)
    job = await exchange.drawn(shot, same=same)
    data = await exchange.world.studio.develop(job.shots[0])
    headers = {
        "Content-Type": shot.content_type,
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Cache": "HIT" if is_hit else "MISS",
        "Content-Disposition": 'inline; filename="portrait.jpg"',
    }
    return web.Response(body=data, headers=headers)


async def _post(exchange: Exchange) -> web.Response:
    _check_agent(exchange)
    check_pollinations(exchange)
    body = exchange.body
    if not isinstance(body, dict):
        raise _invalid("body", "Expected object")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= _LONGEST_PROMPT:
        raise _invalid("prompt", f"Expected a string of 1 to {_LONGEST_PROMPT} characters")
    form = body.get("response_format", "b64_json")
    if form not in {"b64_json", "url"}:
        raise _invalid("response_format", 'Invalid option: expected one of "url"|"b64_json"')
    width, _, height = str(body.get("size", "1024x1024")).partition("x")
    shot = _shot(exchange, prompt, body | {"width": width, "height": height})
    job = await exchange.drawn(shot, same=_same("POST", shot, body))
    if form == "url":
        entry = {"url": exchange.world.result_urls(job)[0]}
    else:
        data = await exchange.world.studio.develop(job.shots[0])
        entry = {"b64_json": base64.b64encode(data).decode(), "media_type": shot.content_type}
    usage = {
        "input_tokens": 0,
        "output_tokens": 1,
        "total_tokens": 1,
        "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
    }
    return json_response({"created": 1760000000, "data": [entry | {"revised_prompt": prompt}], "usage": usage})


async def _models(exchange: Exchange) -> web.Response:
    _check_agent(exchange)
    return json_response(
        [{"name": name, "pricing": {"completionImageTokens": price}} for name, price in MODELS.items()]
    )


async def _openai_models(exchange: Exchange) -> web.Response:
    _check_agent(exchange)
    return json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})


async def _balance(exchange: Exchange) -> web.Response:
    _check_agent(exchange)
    check_pollinations(exchange)
    left = exchange.world.balance_usd("pollinations")
    return json_response({"balance": round(left, 4) if math.isfinite(left) else 1000.0})


def _check_agent(exchange: Exchange) -> None:
    """The Cloudflare front turns away what calls itself Python-urllib, or nothing at all."""
    agent = exchange.request.headers.get("User-Agent", "")
    if not agent or agent.startswith("Python-urllib"):
        raise reject("poll_403_cloudflare")


def _same(method: str, shot: Shot, fields: Any) -> str:
    """What makes two requests one job: all that was asked, with the seed that is really used."""
    asked = {name: fields[name] for name in fields if name not in {"key", "seed"}}
    return f"gen {method} {shot.prompt} {shot.seed} {json.dumps(asked, sort_keys=True)}"


def _shot(exchange: Exchange, prompt: str, fields: Any) -> Shot:
    model = fields.get("model", "zimage")
    if model not in MODELS:
        allowed = "|".join(f'"{name}"' for name in MODELS)
        raise _invalid("model", f"Invalid option: expected one of {allowed}")
    width, height = real_size(_whole(fields.get("width"), 1024), _whole(fields.get("height"), 1024))
    seed = read_seed(fields.get("seed"), exchange.world.rng)
    comment = {
        "prompt": prompt,
        "originalPrompt": prompt,
        "model": model,
        "seed": seed,
        "width": width,
        "height": height,
        "nologo": fields.get("nologo") in {True, "true"},
    }
    form = "png" if fields.get("transparent") in {True, "true"} else "jpeg"
    return Shot(
        prompt=prompt, seed=seed, width=width, height=height, format=form, exif=(model, json.dumps(comment))
    )


def read_seed(value: Any, rng: random.Random) -> int:
    """The seed that is really used: a random one for -1, and 42 for none or nonsense."""
    seed = _whole(value, _DEFAULT_SEED)
    return rng.getrandbits(31) if seed == -1 else min(max(seed, 0), _LARGEST_SEED)


def real_size(width: int, height: int) -> tuple[int, int]:
    """
    What flux and zimage return: scaled up to about one megapixel, sides at most 2048 (960x640 → 1248x832).
    """
    scale = max(1.0, math.sqrt(_ONE_MEGAPIXEL / (width * height)))
    scale = min(scale, _LONGEST_SIDE / max(width, height))
    if scale == 1.0:
        return width, height
    return max(16, int(width * scale) // 16 * 16), max(16, int(height * scale) // 16 * 16)


def _whole(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _invalid(field: str, message: str) -> Rejection:
    details = {"name": "ValidationError", "formErrors": [], "fieldErrors": {field: [message]}}
    return Rejection(gen_envelope(400, "BAD_REQUEST", message, name="poll_400", details=details))
