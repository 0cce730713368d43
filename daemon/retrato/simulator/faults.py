"""
The named faults: what the providers literally answer when something is wrong (PROVIDERS.md, A.5, B, C, D).

A script names them as text: ``"hf_402_depleted"``, or with a number ``"delay:2.5"``, ``"cut:1000"``,
``"stall:1000"``, ``"wrong_size:512x384"``, ``"status:500"``; a table ``{status, headers, body, …}`` spells a
new one out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from retrato.domain.errors import ConfigError
from retrato.simulator.fault import OK, Fault, Kind, Trouble, answer, cut, delay, spoiled, stall

HF_DEPLETED = (
    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference "
    "Providers. Alternatively, subscribe to PRO to get 20x more included usage."
)
HF_EXCEEDED = (
    "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x "
    "more monthly included credits."
)
HF_410 = "The requested model is deprecated and no longer supported by provider hf-inference"
FAL_401 = "Cannot access application 'fal-ai/flux'. Authentication is required to access this application."
FAL_LOCKED = "User is locked. Reason: {}."
GEN_NO_KEY = (
    "Authentication required. Please provide an API key via Authorization header (Bearer token) or ?key= "
    "query parameter."
)
GEN_BAD_KEY = "Invalid API key. The provided key was not recognized."
GEN_BALANCE = (
    "Insufficient balance. This request costs ~0.0020 pollen, but your available balance is 0.0000. Top up "
    "at https://enter.pollinations.ai"
)
GEN_CONCURRENCY = (
    "Another generation is still running on this account. Add credits for concurrent requests, or retry "
    "when it finishes."
)
QUEUE_FULL = "Queue full for IP: 203.0.113.9: 1 requests already queued (max: 1)."
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def _hf(name: str, status: int, error: str, **more: Any) -> Fault:
    return answer(status, {"error": error} | more, name=name)


def _fal(name: str, status: int, detail: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Fault:
    return answer(status, {"detail": detail} | more, name=name, headers=headers)


def gen_envelope(
    status: int, code: str, message: str, *, name: str = "", details: Mapping[str, Any] | None = None
) -> Fault:
    """The error envelope of gen.pollinations.ai."""
    error = {
        "code": code,
        "message": message,
        "timestamp": "2026-10-01T12:00:00.000Z",
        "details": dict(details or {"name": "HTTPException"}),
        "requestId": "5f9b2c",
    }
    return answer(status, {"success": False, "status": status, "error": error}, name=name)


def _openai(name: str, status: int, code: str, message: str, **more: Any) -> Fault:
    kind = more.pop("type", "invalid_request_error")
    headers = more.pop("headers", None)
    error = {"message": message, "type": kind, "param": None, "code": code} | more
    return answer(status, {"error": error}, name=name, headers=headers)


def _failed(name: str, status: int, body: Any) -> Fault:
    return Fault(name=name, kind=Kind.JOB, job=Trouble.FAILED, status=status, body=body)


_HUGGING_FACE = (
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
    answer(502, HTML.format("502 Bad Gateway"), name="html_502"),
    answer(504, HTML.format("504 Gateway Time-out"), name="html_504"),
)

_FAL_REFUSAL = [
    {
        "loc": ["body", "prompt"],
        "msg": "The content could not be processed because it contained material flagged by a content checker.",
        "type": "content_policy_violation",
        "url": "https://docs.fal.ai/errors#content_policy_violation",
        "ctx": {"extra_info": {"violation_type": "nsfw"}},
        "input": "",
    }
]
_FAL_RUNNER = {"detail": "Runner disconnected", "error_type": "runner_disconnected"}

_FAL = (
    _fal("fal_401", 401, FAL_401),
    _fal(
        "fal_403_locked",
        403,
        FAL_LOCKED.format("Exhausted balance. Top up your balance at fal.ai/dashboard/billing"),
    ),
    _fal("fal_403_budget", 403, FAL_LOCKED.format("User budget is exceeded")),
    _fal("fal_403_admin", 403, FAL_LOCKED.format("Admin lock")),
    _fal("fal_422_content_policy", 422, _FAL_REFUSAL, {"X-Fal-Retryable": "false"}),
    _fal(
        "fal_422_value",
        422,
        [
            {
                "loc": ["body", "num_inference_steps"],
                "msg": "Input should be less than or equal to 50",
                "type": "less_than_equal",
                "ctx": {"le": 50},
                "input": 99,
            }
        ],
        {"X-Fal-Retryable": "false"},
    ),
    _fal(
        "fal_429",
        429,
        "You have reached your concurrent requests limit. Please wait or upgrade.",
        {"X-Fal-Needs-Retry": "1"},
        error_type="concurrent_requests_limit",
    ),
    _fal(
        "fal_500",
        500,
        [{"loc": ["body"], "msg": "Internal server error", "type": "internal_server_error", "input": None}],
        {"X-Fal-Retryable": "true"},
    ),
    _fal("fal_500_internal", 500, "Internal error", error_type="internal_error"),
    _fal("fal_503_runner", 503, "No runner available", error_type="runner_scheduling_failure"),
    _fal("fal_504_timeout", 504, "Request timed out", error_type="request_timeout"),
    _fal(
        "fal_504_user_timeout",
        504,
        "Request timed out",
        {"X-Fal-Request-Timeout-Type": "user"},
        error_type="request_timeout",
    ),
)

_X402 = {
    "x402Version": 1,
    "error": f"{QUEUE_FULL} Get unlimited access at https://enter.pollinations.ai",
    "accepts": [
        {
            "scheme": "exact",
            "network": "base",
            "maxAmountRequired": "1000",
            "resource": "https://image.myceli.ai/prompt/test1",
            "description": "Pollinations legacy image — pay to bypass rate limit",
            "mimeType": "image/jpeg",
            "payTo": "0x0000000000000000000000000000000000000000",
            "maxTimeoutSeconds": 60,
            "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "outputSchema": {"input": {"type": "http", "method": "GET", "discoverable": True}},
            "extra": {"name": "USD Coin", "version": "2"},
        }
    ],
}

_POLLINATIONS = (
    gen_envelope(400, "BAD_REQUEST", "Invalid option: expected one of flux|zimage", name="poll_400_model"),
    answer(
        400,
        {
            "success": False,
            "status": 400,
            "error": {
                "code": "BAD_REQUEST",
                "type": "safety_error",
                "message": "Content blocked by safety filters: sexual",
            },
        },
        name="poll_400_safety",
    ),
    gen_envelope(401, "UNAUTHORIZED", GEN_NO_KEY, name="poll_401"),
    gen_envelope(401, "UNAUTHORIZED", GEN_BAD_KEY, name="poll_401_key"),
    gen_envelope(402, "INSUFFICIENT_BALANCE", GEN_BALANCE, name="poll_402_balance"),
    gen_envelope(402, "KEY_BUDGET_EXHAUSTED", "API key budget exhausted.", name="poll_402_key_budget"),
    answer(402, _X402, name="poll_402_x402"),
    gen_envelope(403, "FORBIDDEN", "Model 'flux' is not allowed for this API key.", name="poll_403"),
    gen_envelope(412, "UNKNOWN_ERROR", "Upstream account suspended", name="poll_412"),
    gen_envelope(
        422,
        "content_policy_violation",
        "Your request was rejected by content moderation.",
        name="poll_422_content",
    ),
    gen_envelope(429, "RATE_LIMITED", "Too many requests from this IP. Please slow down.", name="poll_429"),
    answer(
        429,
        {"error": "concurrency_limit_exceeded", "message": GEN_CONCURRENCY},
        name="poll_429_flat",
        headers={"Retry-After": "1"},
    ),
    answer(
        429,
        {
            "error": "Rate limit exceeded",
            "message": "Rate limit exceeded. Retry after 123s. Use secret keys (sk_*) for unlimited requests.",
            "retryAfterSeconds": 123,
        },
        name="poll_429_pk",
        headers={"Retry-After": "123"},
    ),
    answer(
        429,
        {
            "error": "Too Many Requests",
            "message": QUEUE_FULL,
            "queueInfo": {"queued": 1, "max": 1},
            "tier": "anonymous",
        },
        name="poll_429_legacy",
    ),
    gen_envelope(500, "INTERNAL_ERROR", "No active flux servers available", name="poll_500"),
    gen_envelope(
        502,
        "BAD_GATEWAY",
        "Upstream error",
        name="poll_502",
        details={"name": "UpstreamError", "upstreamStatus": 429, "upstreamHost": "flux", "upstreamBody": ""},
    ),
    gen_envelope(503, "SERVICE_UNAVAILABLE", "Service unavailable", name="poll_503"),
    answer(
        503,
        {"error": "Server busy", "message": "Too many concurrent requests"},
        name="poll_503_legacy",
    ),
    answer(
        400,
        {
            "error": "Bad Request",
            "message": "NSFW content detected. This request cannot be fulfilled when safe mode is enabled.",
        },
        name="poll_400_legacy_nsfw",
    ),
    answer(530, "error code: 1033", name="poll_530_cloudflare"),
    answer(403, "error code: 1010", name="poll_403_cloudflare"),
)

_REPLICATE = (
    answer(
        402,
        {
            "title": "Insufficient credit",
            "detail": "You have insufficient credit to run this model. Go to "
            "https://replicate.com/account/billing#billing to purchase credit.",
            "status": 402,
        },
        name="replicate_402",
    ),
    answer(
        422,
        {"title": "Input validation failed", "detail": "- input.prompt is required\n", "status": 422},
        name="replicate_422",
    ),
    answer(
        429,
        {
            "detail": "Request was throttled. Your rate limit resets in ~30s.",
            "status": 429,
            "retry_after": 10,
        },
        name="replicate_429",
    ),
    answer(
        429,
        {"detail": "Request was throttled. Your rate limit resets in ~30s."},
        name="replicate_429_bare",
    ),
)

_WAVESPEED = (
    answer(401, {"code": 401, "message": "Unauthorized"}, name="wavespeed_401"),
    answer(429, {"code": 429, "message": "Too many requests"}, name="wavespeed_429"),
)

_OPENAI = (
    _openai(
        "openai_400_moderation",
        400,
        "moderation_blocked",
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        "help.openai.com and include the request ID. safety_violations=[sexual].",
        type="image_generation_user_error",
    ),
    _openai(
        "openai_400_content_policy",
        400,
        "content_policy_violation",
        "Your request was rejected as a result of our safety system.",
    ),
    _openai(
        "openai_400_unknown_parameter",
        400,
        "unknown_parameter",
        "Unknown parameter: 'response_format'.",
        param="response_format",
    ),
    _openai("openai_401", 401, "invalid_api_key", "Incorrect API key provided."),
    _openai(
        "openai_403_unverified",
        403,
        "",
        "Your organization must be verified to use the model `gpt-image-1`.",
    ),
    _openai("openai_404_model", 404, "model_not_found", "The model `nope` does not exist."),
    _openai(
        "openai_429_rate",
        429,
        "rate_limit_exceeded",
        "Rate limit exceeded for images per minute in organization org-retrato.",
        type="requests",
        headers={"retry-after": "12", "retry-after-ms": "12000", "x-should-retry": "true"},
    ),
    _openai(
        "openai_429_quota",
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        type="insufficient_quota",
        headers={"x-should-retry": "false"},
    ),
    _openai(
        "openai_429_billing",
        429,
        "billing_hard_limit_reached",
        "Billing hard limit has been reached.",
    ),
    _openai("openai_500", 500, "server_error", "The server had an error.", type="server_error"),
    answer(200, {"created": 1760000000, "data": []}, name="openai_200_empty"),
)

_BEHAVIOUR = (
    OK,
    Fault(name="hang", kind=Kind.HANG),
    Fault(name="close", kind=Kind.CLOSE),
    Fault(name="vanish", kind=Kind.VANISH),
    cut(1000),
    stall(1000),
    answer(200, {"error": "Internal Server Error"}, name="json_200"),
    answer(200, HTML.format("We will be back soon"), name="html_200"),
    answer(403, "<Error><Code>AccessDenied</Code></Error>", name="cdn_403"),
    answer(404, "Not Found", name="cdn_404"),
    answer(
        302,
        "",
        name="cdn_redirect_private",
        headers={"Location": "http://169.254.169.254/latest/meta-data/iam/"},
    ),
    answer(404, {"detail": "Request not found"}, name="poll_404"),
    answer(
        200,
        {"images": [{"url": "http://169.254.169.254/latest/user-data"}], "has_nsfw_concepts": [False]},
        name="fal_200_private_url",
    ),
    answer(200, {"images": [], "has_nsfw_concepts": []}, name="fal_200_no_images"),
)

_PICTURES = tuple(
    spoiled(name)
    for name in (
        "black",
        "uniform",
        "tiny",
        "empty",
        "truncated",
        "bomb",
        "placeholder",
        "exif",
        "webp",
        "png",
        "wrong_size:640x480",
    )
)

_JOBS = (
    _failed("job_failed", 503, _FAL_RUNNER),
    _failed("job_refused", 422, {"detail": _FAL_REFUSAL}),
    Fault(name="job_stuck", kind=Kind.JOB, job=Trouble.STUCK),
    Fault(name="job_lost", kind=Kind.JOB, job=Trouble.LOST),
    Fault(name="nsfw", kind=Kind.JOB, job=Trouble.FLAGGED, spoil="black"),
)

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        fault.name.partition(":")[0]: fault
        for group in (
            _BEHAVIOUR,
            _PICTURES,
            _JOBS,
            _HUGGING_FACE,
            _FAL,
            _REPLICATE,
            _WAVESPEED,
            _POLLINATIONS,
            _OPENAI,
        )
        for fault in group
    }
)
"""Every fault that can be asked for by name alone."""

_SPELLED = re.compile(r"(?P<name>[a-z0-9_]+):(?P<value>[0-9.]+(x\d+)?)")


def to_fault(spec: str | Mapping[str, Any] | Fault) -> Fault:
    """
    Read one entry of a script.

    Raises:
        ConfigError: there is no such fault, or a table has a key that faults do not have.

    """
    if isinstance(spec, Fault):
        return spec
    if isinstance(spec, str):
        return _from_text(spec)
    known = {field.name for field in fields(Fault)}
    if unknown := set(spec) - known:
        raise ConfigError(f"fault {dict(spec)!r}: unknown keys {sorted(unknown)}, known are {sorted(known)}")
    try:
        table = {"name": f"answer:{spec.get('status', 200)}"} | dict(spec)
        return Fault(
            **table | {"kind": Kind(table.get("kind", Kind.ANSWER)), "job": Trouble(table.get("job", ""))}
        )
    except ValueError as exc:
        raise ConfigError(f"fault {dict(spec)!r}: {exc}") from exc


def to_faults(specs: Iterable[str | Mapping[str, Any] | Fault]) -> tuple[Fault, ...]:
    """Read a whole script."""
    return tuple(to_fault(spec) for spec in specs)


def _from_text(text: str) -> Fault:
    if text in FAULTS:
        return FAULTS[text]
    match = _SPELLED.fullmatch(text)
    try:
        match match and (match["name"], match["value"]):
            case ("delay", seconds):
                return delay(float(seconds))
            case ("cut", size):
                return cut(int(size))
            case ("stall", size):
                return stall(int(size))
            case ("status", status):
                return answer(int(status), {"error": "Simulated"})
            case ("wrong_size", size) if "x" in size:
                return spoiled(f"wrong_size:{size}")
    except ValueError as exc:
        raise ConfigError(f"fault {text!r}: {exc}") from exc
    raise ConfigError(f"no fault is called {text!r}; known are {', '.join(sorted(FAULTS))}")
