"""Every answer that is known, given to the leg that would hear it."""

import re
from dataclasses import replace

import pytest
from aioresponses import aioresponses
from answers import ANSWERS, PROMPT, Answer
from provider_support import CANARY, ORDER, RequestIds

from retrato.domain.errors import ProviderError
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg
from retrato.providers.registry import build_providers

_BASES = {
    "openai": "https://api.openai.com/v1",
    "azure": "https://here.openai.azure.com/openai/v1",
    "together": "https://api.together.xyz/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "xai": "https://api.x.ai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "litellm": "http://litellm:4000/v1",
    "cloudflare": "https://api.cloudflare.test/ai",
    "gemini": "https://gemini.test/v1beta/openai",
    "compatible": "http://gpu-3:8000/v1",
    "localai": "http://localai:8080/v1",
    "bfl": "https://api.bfl.test/v1",
}
_SCHNELL = "black-forest-labs/FLUX.1-schnell"


async def _leg(by: str, http: Http) -> Leg:
    name = by if "/" in by else "openai"
    is_schnell = name in {"huggingface/nscale", "huggingface/together"}
    config = ProvidersConfig(
        providers=(name.partition("/")[0],),
        huggingface_key=CANARY,
        huggingface_hub_url="https://hub.test",
        huggingface_endpoint_url="https://endpoint.test",
        pollinations_key=None if name == "pollinations/legacy" else "sk_CanaryKeyOfPollinations",
        fal_key="id:SecretOfTheCanary",
        openai_key="sk-CanaryKeyOfOpenAI",
        openai_base_url=_BASES.get(by, _BASES["openai"]),
        **({"huggingface_model": _SCHNELL} if is_schnell else {}),
    )
    (provider,) = build_providers(config, http)
    return next(leg for leg in await provider.legs() if name in (leg.name, "openai"))


def _served(by: str) -> dict[str, str]:
    route = {"providerId": "owner/model", "task": "text-to-image", "status": "live"}
    return {by.partition("/")[2]: route} if by.startswith("huggingface/") else {"fal-ai": route}


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
async def test_answer_is_read_for_what_it_means(answer: Answer, http: Http, request_ids: RequestIds):
    with aioresponses() as mocked:
        mocked.get(re.compile("https://hub.test/"), payload={"inferenceProviderMapping": _served(answer.by)})
        leg = await _leg(answer.by, http)
        for method in ("GET", "POST"):
            mocked.add(
                re.compile("https?://"),
                method,
                status=answer.status,
                body=answer.text,
                headers=dict(answer.headers),
            )
        with pytest.raises(ProviderError) as caught:
            await leg.draw(replace(ORDER, prompt=PROMPT), on_request_id=request_ids)

    error = caught.value
    assert error.fault.value == answer.fault, str(error)
    assert error.retry_after_s == (None if answer.wait_s is None else pytest.approx(answer.wait_s))
    assert answer.whole is None or error.whole_provider is answer.whole
    assert answer.cost_usd is None or error.cost_usd == pytest.approx(answer.cost_usd)
    assert PROMPT[:24] not in str(error)
