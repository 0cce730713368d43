"""One request in hand: entered in the ledger, run through its scripted fault, answered by its dialect."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web

from retrato.simulator.fault import Fault, Kind
from retrato.simulator.faults import FAULTS
from retrato.simulator.jobs import Job, State
from retrato.simulator.ledger import Call
from retrato.simulator.legs import ID_HEADERS, LEGS
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World


class Exchange:
    """
    What a dialect needs to answer one request.

    Attributes:
        body: the request's JSON, None where there is none or it is broken.
        fault: what is scripted for it; dialects pass it on to ``order`` and need not look at it.

    """

    def __init__(self, request: web.Request, world: World, call: Call, fault: Fault) -> None:
        self.request = request
        self.world = world
        self.call = call
        self.fault = fault
        self.body: Any = None

    @property
    def leg(self) -> str:
        """The leg that was asked."""
        return self.call.leg

    async def read(self) -> None:
        """Read the body, and note in the ledger what is asked for, in whichever dialect."""
        if await self.request.read():
            try:
                self.body = json.loads(await self.request.read())
            except ValueError:
                self.body = None
        path_prompt = self.request.match_info.get("prompt")
        fields = _flat(self.body) if path_prompt is None else dict(self.request.query)
        prompt = path_prompt if path_prompt is not None else fields.get("prompt", fields.get("inputs"))
        self.call.prompt = prompt if isinstance(prompt, str) else None
        self.call.seed = _whole(fields.get("seed"))
        self.call.width = _whole(fields.get("width"))
        self.call.height = _whole(fields.get("height"))

    def credential(self, scheme: str) -> str | None:
        """What follows *scheme* in the Authorization header; None where there is no such header."""
        given, _, key = self.request.headers.get("Authorization", "").partition(" ")
        return key.strip() if given.lower() == scheme.lower() and key.strip() else None

    def order(self, *shots: Shot, same: str = "") -> Job:
        """Start the job for *shots*, spoiled as scripted, and note what is really drawn in the ledger."""
        self._note(shots[0])
        spoiled = tuple(self.spoiled(shot) for shot in shots)
        return self.world.order(self.leg, spoiled, fault=self.fault, same=same)

    def note(self, job: Job) -> None:
        """Note in the ledger which picture this request asks about."""
        self._note(job.shots[0])

    def spoiled(self, shot: Shot) -> Shot:
        """*shot* with what the scripted fault does to it."""
        return replace(shot, spoil=self.fault.spoil) if self.fault.spoil else shot

    def _note(self, shot: Shot) -> None:
        self.call.prompt, self.call.seed = shot.prompt, shot.seed
        self.call.width, self.call.height = shot.width, shot.height

    async def drawn(self, *shots: Shot, same: str = "") -> Job:
        """
        Start the job for *shots* and wait for it.

        Raises:
            Rejection: the job failed, or was not taken.

        """
        return await self.done(self.order(*shots, same=same))

    async def done(self, job: Job) -> Job:
        """
        Wait for *job*.

        Raises:
            Rejection: it failed.

        """
        await job.ended.wait()
        if job.state is State.FAILED:
            raise Rejection(job.fault)
        if job.state is not State.DONE:
            raise reject("hf_503")
        return job


Handler = Callable[[Exchange], Awaitable[web.Response]]


def serve(world: World, leg: str, handler: Handler, *, step: str = "") -> Callable[..., Any]:
    """
    Make an aiohttp handler of a dialect's: ledger, script and misbehaviour around it.

    Without *step* it is the leg's main request, scripted under the leg's name; others under ``<leg>.<step>``.
    """
    key = f"{leg}.{step}" if step else leg
    step = step or LEGS[leg].main

    async def handle(request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        call = world.ledger.open(leg=leg, step=step, method=request.method, path=request.path, started=loop.time())
        exchange = Exchange(request, world, call, world.next_fault(key))
        with _closed_at_the_end(call, exchange.fault):
            response = await _answer(exchange, handler)
            call.status = response.status
            _sign(response, call)
            return await _misbehave(exchange, response)

    return handle


@contextmanager
def _closed_at_the_end(call: Call, fault: Fault) -> Iterator[None]:
    call.fault = fault.name
    try:
        yield
    except asyncio.CancelledError:
        call.outcome = "abandoned"
        raise
    else:
        call.outcome = call.outcome or fault.name
    finally:
        call.finished = asyncio.get_running_loop().time()


async def _answer(exchange: Exchange, handler: Handler) -> web.Response:
    fault = exchange.fault
    if fault.kind is Kind.CLOSE:
        _close(exchange.request)
        return web.Response()
    await exchange.read()
    if fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.seconds)
    if fault.kind is Kind.ANSWER:
        return to_response(fault)
    try:
        return await handler(exchange)
    except Rejection as rejection:
        exchange.call.outcome = "rejected"
        return to_response(rejection.fault)


async def _misbehave(exchange: Exchange, response: web.Response) -> web.StreamResponse:
    """Send *response* in the way that the fault has it."""
    fault = exchange.fault
    if fault.kind is Kind.HANG:
        await _for_ever()
    if fault.kind is Kind.VANISH:
        _close(exchange.request)
    if fault.kind not in {Kind.STALL, Kind.CUT}:
        return response
    body = response.body if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(body)
    await stream.prepare(exchange.request)
    await stream.write(body[: max(0, min(fault.size_bytes, len(body) - 1))])
    if fault.kind is Kind.STALL:
        await _for_ever()
    _close(exchange.request)
    return stream


def _sign(response: web.Response, call: Call) -> None:
    """
    Give the answer the id that the provider's support asks for.

    A page of HTML comes from the gateway in front of it, which has none: by this, fal's own client tells that
    the application was never reached and the request may be repeated.
    """
    header = ID_HEADERS.get(LEGS[call.leg].account)
    if header and response.content_type != "text/html":
        response.headers.setdefault(header, f"req_{call.number:08x}")


def to_response(fault: Fault) -> web.Response:
    """The answer that *fault* stands for."""
    body, content_type = fault.payload()
    headers = dict(fault.headers)
    headers.setdefault("Content-Type", content_type)
    return web.Response(status=fault.status, body=body, headers=headers)


def reject(name: str) -> Rejection:
    """What to raise in order to answer the named fault."""
    return Rejection(FAULTS[name])


def json_response(body: Any, *, status: int = 200, **headers: str) -> web.Response:
    """*body* as JSON; underscores in header names stand for hyphens."""
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, body=data, headers={"Content-Type": "application/json"} | named)


def _close(request: web.Request) -> None:
    """Close the connection after what was written so far. aiohttp drops whatever is sent afterwards."""
    if request.transport is not None:
        request.transport.close()


async def _for_ever() -> None:
    """Until the client leaves or the server stops: both cancel the handler."""
    await asyncio.Event().wait()


def _flat(body: Any) -> dict[str, Any]:
    """The fields of a body, with those of the objects that some dialects put them in."""
    if not isinstance(body, dict):
        return {}
    inner = [body.get(name) for name in ("parameters", "input", "image_size")]
    return dict(body) | {k: v for table in inner if isinstance(table, dict) for k, v in table.items()}


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
