"""What the Hugging Face router and its endpoints answer (PROVIDERS.md, A.5)."""

from typing import Any

from retrato.simulator.fault import Fault, answer

HF_DEPLETED = (
    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference "
    "Providers. Alternatively, subscribe to PRO to get 20x more included usage."
)
HF_EXCEEDED = (
    "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x "
    "more monthly included credits."
)
HF_410 = "The requested model is deprecated and no longer supported by provider hf-inference"


def _hf(name: str, status: int, error: str, **more: Any) -> Fault:
    return answer(status, {"error": error} | more, name=name)


def whoami(*permissions: str) -> dict[str, Any]:
    """What ``/api/whoami-v2`` says of a fine-grained token with these *permissions* (huggingface.co, 2026-08)."""
    scoped = [{"entity": {"type": "user", "name": "retrato"}, "permissions": list(permissions)}]
    token = {"displayName": "retrato", "role": "fineGrained", "fineGrained": {"global": [], "scoped": scoped}}
    return {
        "type": "user",
        "name": "retrato",
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": token},
    }


HUGGING_FACE = (
    answer(200, whoami("repo.content.read"), name="hf_whoami_read_only"),
    _hf("hf_400_not_supported", 400, "Model not supported by provider fal-ai"),
    _hf(
        "hf_400_not_enabled",
        400,
        "The requested model 'black-forest-labs/FLUX.1-dev' is not supported by any provider you have enabled.",
    ),
    _hf("hf_401", 401, "Invalid username or password."),
    _hf("hf_402_depleted", 402, HF_DEPLETED),
    _hf("hf_402_exceeded", 402, HF_EXCEEDED),
    _hf("hf_402_provider", 402, "Pre-paid credits are required to use provider fal-ai."),
    _hf("hf_402_pay_as_you_go", 402, "Pay-as-you go is not enabled for provider fal-ai yet."),
    _hf(
        "hf_403_permission",
        403,
        "This authentication method does not have sufficient permissions to call Inference Providers on "
        "behalf of user retrato",
    ),
    answer(403, {"error": "Forbidden"}, name="hf_403_gated", headers={"X-Error-Code": "GatedRepo"}),
    _hf("hf_404", 404, "Not Found"),
    _hf("hf_410_retired", 410, HF_410),
    _hf("hf_413", 413, "Payload Too Large"),
    _hf("hf_424", 424, "Failed dependency", error_type="generation"),
    answer(
        429,
        {"error": "Too Many Requests"},
        name="hf_429",
        headers={
            "RateLimit": '"api";r=0;t=2',
            "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
            "Retry-After": "2",
        },
    ),
    _hf("hf_429_busy", 429, "Model too busy, unable to get response in less than 60 second(s)"),
    _hf("hf_500", 500, "Internal Server Error"),
    _hf(
        "hf_503_loading",
        503,
        "Model black-forest-labs/FLUX.1-dev is currently loading",
        estimated_time=35.67,
    ),
    _hf("hf_503", 503, "Service Unavailable"),
    answer(
        401,
        {"error": "Unauthorized"},
        name="hf_401_header",
        headers={"X-Error-Message": "Invalid credentials in Authorization header"},
    ),
    answer(400, {"error": ["Input should be a valid integer", "in `num_inference_steps`"]}, name="hf_400_list"),
    answer(400, {"errors": [{"message": "prompt is too long"}]}, name="hf_400_errors"),
    answer(
        400,
        {"error": "invalid_request", "error_description": "The request is malformed."},
        name="hf_400_description",
    ),
)
