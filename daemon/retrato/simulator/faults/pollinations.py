"""What Pollinations answers, on the present and on the legacy host (PROVIDERS.md, B)."""

from collections.abc import Mapping
from typing import Any

from retrato.simulator.fault import Fault, answer

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


POLLINATIONS = (
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
    answer(
        500,
        {
            "error": "Internal Server Error",
            "message": "fetch failed",
            "debug": None,
            "timingInfo": [],
            "requestId": "sant3k",
            "requestParameters": {"model": "flux"},
            "queueInfo": None,
        },
        name="poll_500_legacy",
    ),
    answer(502, {"error": "Upstream error", "message": "sana is not answering"}, name="poll_502_legacy"),
)
