"""A key goes out in one header and nowhere else: not into errors, not into logs, not onto other hosts."""

import re
import traceback
from asyncio import StreamReader, StreamWriter
from base64 import b64encode
from dataclasses import replace

import pytest
import structlog
from provider_support import CANARY, FakeTime, RequestIds, closed_port, raw_server, request_head

from retrato.domain.errors import ProviderError
from retrato.domain.picture import Order
from retrato.providers.config import ProvidersConfig
from retrato.providers.exchange import Exchange
from retrato.providers.http import Http
from retrato.providers.registry import build_providers
from retrato.simulator.fault import answer
from retrato.simulator.server import Simulator

_PROMPT = "oil portrait of a captain who must not be named in any log, " + "with a long beard " * 20
_ORDER = Order(prompt=_PROMPT, seed=5)
_FAL_KEY = f"{CANARY}:{CANARY}"
_ECHO = {"error": f"bad key {CANARY} in Bearer {CANARY}, asked for {_PROMPT}", "code": CANARY}
_PROVIDERS = ("huggingface", "pollinations", "fal", "openai")
_FAULTS = [
    answer(401, _ECHO),
    answer(200, _ECHO),
    answer(302, _ECHO, headers={"Location": f"https://elsewhere.test/?key={CANARY}"}),
    answer(500, f"<title>{CANARY}</title>", headers={"X-Error-Message": CANARY}),
    answer(429, f"{CANARY}", headers={"X-Error-Code": CANARY}),
    "vanish",
    "close",
    "cut:10",
    "hang",
]


def _config(base: ProvidersConfig) -> ProvidersConfig:
    return replace(
        base,
        providers=_PROVIDERS,
        huggingface_key=CANARY,
        huggingface_endpoint_url=base.huggingface_router_url.replace("/router", "/endpoint"),
        pollinations_key=CANARY.replace("hf_", "sk_"),
        fal_key=_FAL_KEY,
        openai_key=CANARY,
        openai_options=f'{{"extra_headers": {{"api-key": "{CANARY}"}}}}',
    )


async def _everything_said(config: ProvidersConfig, http: Http, request_ids: RequestIds) -> str:
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for provider in build_providers(config, http):
            for leg in await provider.legs():
                with pytest.raises(ProviderError) as caught:
                    await leg.draw(_ORDER, on_request_id=request_ids)
                said += traceback.format_exception(caught.value)
                said += [repr(caught.value), repr(caught.value.__cause__), repr(vars(caught.value))]
    return "\n".join([*said, repr(logs)])


@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: getattr(fault, "name", fault))
async def test_neither_key_nor_prompt_shows_when_things_go_wrong(
    *, config: ProvidersConfig, simulator: Simulator, request_ids: RequestIds, time: FakeTime, fault: object
):
    for leg in ("endpoint", "fal-ai", "replicate", "wavespeed", "gen", "fal", "falqueue", "openai"):
        simulator.world.script(leg, [fault] * 3)
    async with Http(version="1", timeout_s=0.2, sleep=time.sleep, clock=time.clock) as http:
        said = await _everything_said(_config(config), http, request_ids)

    assert "CanaryKey" not in said
    assert _PROMPT not in said
    assert _PROMPT.replace(" ", "%20") not in said
    assert simulator.world.ledger.leaks() == []


async def test_neither_key_nor_prompt_shows_when_the_answer_is_no_http(
    config: ProvidersConfig, request_ids: RequestIds, time: FakeTime
):
    async def talk_nonsense(reader: StreamReader, writer: StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nBad Header\x00: x\r\n\r\n")
        await writer.drain()

    async with (
        raw_server(talk_nonsense) as base,
        Http(version="1", sleep=time.sleep, clock=time.clock) as http,
    ):
        odd = replace(
            _config(config),
            huggingface_router_url=base,
            huggingface_endpoint_url=base,
            pollinations_url=base,
            fal_queue_url=base,
            fal_run_url=base,
            openai_base_url=base,
        )
        said = await _everything_said(odd, http, request_ids)

    assert "connection broke" in said
    assert "CanaryKey" not in said
    assert _PROMPT.replace(" ", "%20") not in said


async def test_neither_key_nor_prompt_shows_when_nobody_is_there(
    config: ProvidersConfig, request_ids: RequestIds, time: FakeTime
):
    nowhere = f"http://127.0.0.1:{closed_port()}"
    away = replace(
        _config(config),
        huggingface_router_url=nowhere,
        huggingface_hub_url=nowhere,
        huggingface_endpoint_url=nowhere,
        pollinations_url=nowhere,
        fal_queue_url=nowhere,
        fal_run_url=nowhere,
        openai_base_url=nowhere,
    )
    async with Http(version="1", sleep=time.sleep, clock=time.clock) as http:
        said = await _everything_said(away, http, request_ids)

    assert "CanaryKey" not in said
    assert _PROMPT not in said


@pytest.mark.parametrize(
    "part",
    [
        "id-of-the-canary:SecretHalfOfTheCanary",
        "id-of-the-canary",
        "SecretHalfOfTheCanary",
        "secrethalfofthecanary",
    ],
)
def test_no_half_of_a_key_shows_however_it_is_written(part: str):
    exchange = Exchange(max_bytes=1, headers={"Authorization": "Key id-of-the-canary:SecretHalfOfTheCanary"})

    assert part not in exchange.reply().scrub(f"{part} is not valid")


@pytest.mark.parametrize(
    "written",
    [
        b64encode(CANARY.encode()).decode(),
        b64encode(f"user:{CANARY}".encode()).decode(),
        CANARY.encode().hex(),
        "".join(f"%{byte:02X}" for byte in CANARY.encode()),
        f"{CANARY[:20]} {CANARY[20:]}",
        "\\n".join(CANARY),
    ],
)
@pytest.mark.parametrize("fault", ["body", "title", "header", "code"])
async def test_echo_of_a_key_in_another_form_is_taken_out(
    *,
    config: ProvidersConfig,
    simulator: Simulator,
    request_ids: RequestIds,
    time: FakeTime,
    written: str,
    fault: str,
):
    said = {
        "body": answer(401, {"error": f"bad key {written}"}),
        "title": answer(500, f"<title>{written}</title>"),
        "header": answer(500, {"error": "no"}, headers={"X-Error-Message": written}),
        "code": answer(
            400,
            {
                "code": "k." + written.replace(" ", "-").replace("\\n", "-").replace("%", ".").rstrip("="),
                "error": "x",
            },
        ),
    }[fault]
    for leg in ("endpoint", "fal-ai", "replicate", "wavespeed", "gen", "fal", "falqueue", "openai"):
        simulator.world.script(leg, [said] * 3)
    async with Http(version="1", timeout_s=0.5, sleep=time.sleep, clock=time.clock) as http:
        everything = await _everything_said(_config(config), http, request_ids)

    assert "***" in everything
    bare = re.sub("[^0-9a-z]", "", everything.lower())
    pieces = re.findall("[0-9a-z]{14}", re.sub("[^0-9A-Za-z]", "", written).lower())
    assert not [piece for piece in pieces if piece in bare]
