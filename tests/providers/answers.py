"""
What providers and servers literally answer to an order, and what it means: the table behind test_answers.py.

Literals are from documentation, sources and answers that people have published, as collected in November 2026, but
for the last group, which is made to be misread.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROMPT = "oil portrait of a captain, and of an nsfw artist whose credit ran out under a rate limit exceeded by far"
"""Full of words that mean something only where a provider says them."""

REFUSED, MONEY, THROTTLED, KEY, LOADING = "refused", "no_credit", "throttled", "auth", "loading"
GONE, REQUEST, PASSING, OPEN, NO_PICTURE = "gone", "bad_request", "transient", "unknown_outcome", "bad_output"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    One answer to an order, and the fault that it is.

    ``wait_s`` is the wait that it states, ``whole`` says that every leg of the account is concerned, ``cost_usd``
    what it says that it cost. A body that is no text is sent as JSON.
    """

    by: str
    status: int
    body: Any
    fault: str
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float | None = None
    whole: bool | None = None
    cost_usd: float | None = None

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)

    def __str__(self) -> str:
        return f"{self.by}-{self.status}-{self.fault}-{self.text[:60]}"


def _answer(by: str, status: int, body: Any, fault: str, **more: Any) -> Answer:
    return Answer(by=by, status=status, body=body, fault=fault, **more)


def _error(message: str, code: Any = None, kind: str | None = None, **more: Any) -> dict[str, Any]:
    """The OpenAI API's envelope."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def _envelope(status: int, code: str, message: str, **details: Any) -> dict[str, Any]:
    """The envelope of gen.pollinations.ai."""
    return {"success": False, "status": status, "error": {"code": code, "message": message, "details": details}}


_SAFETY = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us at "
    "help.openai.com and include the request ID. safety_violations=[sexual]."
)
_NGINX = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center><hr>nginx</body></html>\r\n"
)
_TEAM = "Your team 3f has either used all available credits or reached its monthly spending limit."
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_FILTERED = {"sexual": {"filtered": True, "severity": "high"}, "violence": {"filtered": False}}
_BLOCKED = (
    "Your resource has been temporarily blocked because we detected behavior that may violate our content policy. "
    "Please fill in the form to have it unblocked."
)
_DETAIL = [{"loc": ["body", "prompt"], "msg": "flagged by a content checker.", "type": "content_policy_violation"}]

HUGGING_FACE = (
    *(
        _answer(by, status, {"error": text}, fault, **more)
        for by in ("huggingface/fal-ai", "huggingface/replicate", "huggingface/wavespeed", "huggingface/nscale")
        for status, text, fault, more in (
            (401, "Invalid username or password.", KEY, {"whole": True}),
            (
                402,
                (
                    "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to "
                    "get 20x more monthly included credits."
                ),
                MONEY,
                {"whole": True},
            ),
            (
                402,
                (
                    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using "
                    "Inference Providers. Alternatively, subscribe to PRO to get 20x more included usage."
                ),
                MONEY,
                {"whole": True},
            ),
            (402, "Pre-paid credits are required to use provider fal-ai.", MONEY, {"whole": False}),
            (402, "Pay-as-you go is not enabled for provider fal-ai yet.", MONEY, {"whole": False}),
            (
                403,
                (
                    "This authentication method does not have sufficient permissions to call Inference Providers "
                    "on behalf of user U"
                ),
                KEY,
                {"whole": True},
            ),
            (400, "Model not supported by provider fal-ai", GONE, {}),
            (400, "The requested model 'M' is not supported by any provider you have enabled.", GONE, {}),
            (404, "Not Found", GONE, {}),
            (
                410,
                "The requested model is deprecated and no longer supported by provider hf-inference",
                GONE,
                {},
            ),
            (413, "Payload Too Large", REQUEST, {}),
            (429, "Rate limit reached. Please log in or use a HF access token", THROTTLED, {"whole": False}),
            (429, "Model too busy, unable to get response in less than 60 second(s)", THROTTLED, {}),
            (500, "Internal Server Error", PASSING, {}),
            (503, "Service Unavailable", PASSING, {}),
        )
    ),
    _answer("huggingface/fal-ai", 400, {"error": ["a", "b"]}, REQUEST),
    _answer("huggingface/fal-ai", 400, {"errors": [{"message": "prompt is too long"}]}, REQUEST),
    _answer(
        "huggingface/fal-ai",
        400,
        {"error": "invalid_request", "error_description": "The request is malformed."},
        REQUEST,
    ),
    _answer(
        "huggingface/fal-ai",
        401,
        {"error": "Unauthorized"},
        KEY,
        headers={"X-Error-Message": "Invalid credentials in Authorization header"},
        whole=True,
    ),
    _answer("huggingface/fal-ai", 403, {"error": "Forbidden"}, KEY, headers={"X-Error-Code": "GatedRepo"}),
    _answer(
        "huggingface/fal-ai",
        429,
        {"error": "Too Many Requests"},
        THROTTLED,
        headers={"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'},
        wait_s=56,
    ),
    _answer("huggingface/fal-ai", 424, {"error": "Failed dependency", "error_type": "generation"}, PASSING),
    _answer(
        "huggingface/fal-ai",
        503,
        {"error": "Model M is currently loading", "estimated_time": 35.67},
        LOADING,
        wait_s=35.67,
    ),
    _answer("huggingface/fal-ai", 502, _NGINX.format("502 Bad Gateway"), PASSING),
    _answer("huggingface/fal-ai", 504, _NGINX.format("504 Gateway Time-out"), OPEN),
    # a partner's own words, passed on: they concern this partner only
    _answer(
        "huggingface/fal-ai", 403, {"detail": "User is locked. Reason: Exhausted balance."}, MONEY, whole=False
    ),
    _answer("huggingface/fal-ai", 401, {"detail": "Cannot access application 'fal-ai/flux'."}, KEY, whole=False),
    _answer("huggingface/fal-ai", 422, {"detail": _DETAIL}, REFUSED),
    _answer(
        "huggingface/replicate",
        402,
        {
            "title": "Insufficient credit",
            "detail": "You have insufficient credit to run this model.",
            "status": 402,
        },
        MONEY,
        whole=False,
    ),
    _answer(
        "huggingface/replicate",
        429,
        {"detail": "Request was throttled. Your rate limit resets in ~30s.", "status": 429, "retry_after": 10},
        THROTTLED,
        wait_s=10,
    ),
    _answer(
        "huggingface/replicate",
        429,
        {"detail": "Request was throttled. Your rate limit resets in ~30s."},
        THROTTLED,
        wait_s=30,
    ),
    _answer(
        "huggingface/replicate",
        422,
        {"title": "Input validation failed", "detail": "- input.prompt is required\n", "status": 422},
        REQUEST,
    ),
    *(
        _answer("huggingface/replicate", 201, {"id": "p", "status": "failed", "error": error}, fault)
        for error, fault in (
            ("NSFW content detected. Try running it again, or try a different prompt.", REFUSED),
            (
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
                REFUSED,
            ),
            ("Prediction failed: E005", REFUSED),
            ({"detail": "The input was flagged as sensitive", "code": "E005"}, REFUSED),
            ("CUDA out of memory.", PASSING),
            ("Director: unexpected error handling prediction (E6716)", PASSING),
            (None, PASSING),
        )
    ),
    _answer("huggingface/wavespeed", 401, {"code": 401, "message": "Unauthorized"}, KEY, whole=False),
    _answer("huggingface/wavespeed", 429, {"code": 429, "message": "Too many requests"}, THROTTLED),
    _answer("huggingface/wavespeed", 200, {"code": 429, "message": "Too many requests", "data": None}, THROTTLED),
    _answer(
        "huggingface/wavespeed",
        200,
        {"code": 402, "message": "Insufficient credits", "data": {"id": "t", "status": "failed"}},
        MONEY,
    ),
    _answer(
        "huggingface/wavespeed",
        200,
        {"code": 400, "message": "Content flagged as potentially sensitive by content moderation", "data": None},
        REFUSED,
    ),
    *(
        _answer("huggingface/nscale", status, body, fault)
        for status, body, fault in (
            (400, _error(_SAFETY), REFUSED),
            (429, _error("Rate limit exceeded", "rate_limit_exceeded"), THROTTLED),
            (429, _error(_QUOTA, "insufficient_quota", "insufficient_quota"), MONEY),
            (404, _error("The model does not exist", "model_not_found"), GONE),
        )
    ),
    _answer("huggingface/together", 422, _error("NSFW content detected in image", "nsfw_content"), REFUSED),
    _answer("huggingface/together", 403, {"error": "no"}, KEY),
    _answer("huggingface/endpoint", 503, {"error": "Service Unavailable"}, LOADING),
    _answer("huggingface/endpoint", 400, {"error": "Bad Request: endpoint is paused"}, LOADING),
    _answer("huggingface/endpoint", 401, {"error": "Invalid username or password."}, KEY, whole=False),
    _answer("huggingface/endpoint", 400, {"error": "the prompt of a paused dancer is too long"}, REQUEST),
)

FAL = tuple(
    _answer(by, *row[:3], **row[3])
    for by in ("fal/queue", "fal/run")
    for row in (
        (
            401,
            {"detail": "Cannot access application 'fal-ai/flux'. Authentication is required."},
            KEY,
            {"whole": True},
        ),
        *(
            (403, {"detail": f"User is locked. Reason: {reason}."}, MONEY, {"whole": True})
            for reason in (
                "Exhausted balance. Top up your balance at fal.ai/dashboard/billing",
                "User budget is exceeded",
                "Please add a payment method",
                "Admin lock",
            )
        ),
        (403, {"detail": "Forbidden"}, KEY, {"whole": True}),
        (422, {"detail": [{**_DETAIL[0], "input": PROMPT}]}, REFUSED, {"headers": {"X-Fal-Retryable": "false"}}),
        (400, {"detail": "The prompt was flagged by a content checker"}, REFUSED, {}),
        (
            422,
            {"detail": [{"loc": ["body"], "msg": "too big", "type": "less_than_equal", "input": PROMPT}]},
            REQUEST,
            {},
        ),
        (422, {"detail": "prompt: too long"}, REQUEST, {"headers": {"X-Fal-Retryable": "false"}}),
        (422, {"detail": "odd"}, PASSING, {"headers": {"X-Fal-Retryable": "true"}}),
        (
            429,
            {
                "detail": "You have reached your concurrent requests limit.",
                "error_type": "concurrent_requests_limit",
            },
            THROTTLED,
            {},
        ),
        (500, {"detail": "Internal error", "error_type": "internal_error"}, PASSING, {}),
        (503, {"detail": "Runner disconnected", "error_type": "runner_disconnected"}, PASSING, {}),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}, PASSING, {}),
        (504, _NGINX.format("504 Gateway Time-out"), OPEN, {}),
        (408, "", OPEN, {}),
        (
            422,
            {"detail": [{"loc": ["body"], "msg": "m", "type": "downstream_service_error"}]},
            PASSING,
            {"headers": {"X-Fal-Retryable": "true"}},
        ),
    )
)

POLLINATIONS = (
    *(
        _answer("pollinations/gen", status, _envelope(status, code, message), fault)
        for status, code, message, fault in (
            (400, "BAD_REQUEST", "prompt: too long", REQUEST),
            (400, "BAD_REQUEST", "Invalid option: expected one of flux|zimage", GONE),
            (401, "UNAUTHORIZED", "Authentication required. Please provide an API key", KEY),
            (401, "UNAUTHORIZED", "Invalid API key. The provided key was not recognized.", KEY),
            (402, "PAYMENT_REQUIRED", "Payment required", MONEY),
            (402, "KEY_BUDGET_EXHAUSTED", "API key budget exhausted.", MONEY),
            (402, "INSUFFICIENT_BALANCE", "Insufficient balance. This request costs ~0.0020 pollen", MONEY),
            (403, "FORBIDDEN", "Model 'flux' is not allowed for this API key.", KEY),
            (412, "UNKNOWN_ERROR", "Upstream account suspended", PASSING),
            (422, "content_policy_violation", "Your request was rejected by content moderation.", REFUSED),
            (429, "RATE_LIMITED", "Too many requests from this IP. Please slow down.", THROTTLED),
            (500, "INTERNAL_ERROR", "No active flux servers available", PASSING),
            (503, "SERVICE_UNAVAILABLE", "Safety checker unavailable", PASSING),
            (504, "GATEWAY_TIMEOUT", "Gateway timeout", OPEN),
        )
    ),
    _answer(
        "pollinations/gen",
        400,
        {
            "success": False,
            "error": {"type": "safety_error", "message": "Content blocked by safety filters: sexual"},
        },
        REFUSED,
    ),
    _answer(
        "pollinations/gen", 502, _envelope(502, "BAD_GATEWAY", "Upstream error", upstreamStatus=429), THROTTLED
    ),
    _answer("pollinations/gen", 502, _envelope(502, "BAD_GATEWAY", "Upstream error", upstreamStatus=402), PASSING),
    _answer(
        "pollinations/gen",
        502,
        _envelope(
            502, "BAD_GATEWAY", "Upstream error", upstreamStatus=401, upstreamBody='{"error":"Invalid API key"}'
        ),
        PASSING,
    ),
    _answer(
        "pollinations/gen",
        502,
        _envelope(502, "BAD_GATEWAY", "Up", upstreamStatus=400, upstreamBody='{"error":{"code":"contentFilter"}}'),
        REFUSED,
    ),
    _answer("pollinations/gen", 200, _envelope(402, "INSUFFICIENT_BALANCE", "Insufficient balance"), MONEY),
    _answer(
        "pollinations/gen",
        429,
        {
            "error": "concurrency_limit_exceeded",
            "message": "Another generation is still running on this account. Add credits for concurrent requests, "
            "or retry when it finishes.",
        },
        THROTTLED,
        headers={"Retry-After": "1"},
        wait_s=1,
    ),
    _answer(
        "pollinations/gen",
        429,
        {
            "error": "Rate limit exceeded",
            "message": "Rate limit exceeded. Retry after 123s. Use secret keys (sk_*) for unlimited requests.",
            "retryAfterSeconds": 123,
        },
        THROTTLED,
        wait_s=123,
    ),
    *(
        _answer(
            "pollinations/legacy",
            status,
            {
                "x402Version": 1,
                "error": "Queue full for IP: 203.0.113.9: 1 requests already queued (max: 1).",
                "accepts": [],
            },
            THROTTLED,
            wait_s=60,
        )
        for status in (402, 200)
    ),
    _answer(
        "pollinations/legacy",
        429,
        {
            "error": "Too Many Requests",
            "message": "Queue full for IP: 203.0.113.9",
            "queueInfo": {},
            "tier": "anonymous",
        },
        THROTTLED,
        wait_s=60,
    ),
    _answer(
        "pollinations/legacy",
        400,
        {
            "error": "Bad Request",
            "message": "NSFW content detected. This request cannot be fulfilled when safe mode is enabled.",
        },
        REFUSED,
    ),
    _answer("pollinations/legacy", 404, {"error": "Not Found", "message": "Use /prompt/{your prompt}"}, GONE),
    _answer("pollinations/legacy", 502, {"error": "Upstream error", "message": "sana is not answering"}, PASSING),
    _answer(
        "pollinations/legacy",
        500,
        {
            "error": "Internal Server Error",
            "message": "fetch failed",
            "requestParameters": {"prompt": PROMPT, "model": "NSFW content detected"},
        },
        PASSING,
    ),
    _answer("pollinations/legacy", 530, "error code: 1033", PASSING),
)

OPENAI = (
    _answer("openai", 400, _error(_SAFETY, "moderation_blocked", "image_generation_user_error"), REFUSED),
    _answer("openai", 400, _error(_SAFETY), REFUSED),
    _answer("openai", 400, _error("Your request was rejected as a result of our safety system."), REFUSED),
    _answer("openai", 400, _error("rejected", "content_policy_violation", "invalid_request_error"), REFUSED),
    _answer("openai", 400, _error("Unknown parameter: 'moderation'.", "unknown_parameter"), KEY),
    _answer(
        "openai", 400, _error("Invalid value: '1000x1000'.", "invalid_value", "invalid_request_error"), REQUEST
    ),
    _answer("openai", 400, _error("Billing hard limit has been reached", "billing_hard_limit_reached"), MONEY),
    _answer("openai", 401, _error("Incorrect API key provided: sk-a***b.", "invalid_api_key"), KEY, whole=True),
    _answer("openai", 403, _error("Your organization must be verified to use the model `gpt-image-2`."), KEY),
    _answer("openai", 403, _error("Country not supported", "unsupported_country_region_territory"), KEY),
    _answer("openai", 404, _error("The model does not exist", "model_not_found"), GONE),
    _answer(
        "openai",
        429,
        _error("Rate limit reached for images per minute. Please try again in 12s.", "rate_limit_exceeded"),
        THROTTLED,
        wait_s=12,
    ),
    _answer(
        "openai",
        429,
        _error("Rate limit reached", "rate_limit_exceeded"),
        THROTTLED,
        headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"},
        wait_s=360,
    ),
    _answer(
        "openai",
        429,
        _error("slow", "rate_limit_exceeded"),
        THROTTLED,
        headers={"Retry-After-Ms": "2500"},
        wait_s=2.5,
    ),
    _answer("openai", 429, _error(_QUOTA, "insufficient_quota", "insufficient_quota"), MONEY),
    _answer("openai", 429, _error("Billing hard limit", "billing_hard_limit_reached"), MONEY),
    _answer(
        "openai", 429, _error("This project has reached its spend limit.", "project_spend_limit_exceeded"), MONEY
    ),
    _answer("openai", 500, _error("The server had an error.", "server_error", "server_error"), PASSING),
    _answer("openai", 504, "upstream request timeout", OPEN),
    _answer("openai", 524, "error code: 524", OPEN),
    _answer("openai", 408, _error("Request timed out"), OPEN),
    _answer("openai", 200, {"created": 1, "data": []}, REFUSED),
)

AZURE = tuple(
    _answer("azure", *row)
    for row in (
        (
            400,
            _error(
                "…",
                "content_policy_violation",
                "invalid_request_error",
                inner_error={"code": "ResponsibleAIPolicyViolation", "content_filter_results": _FILTERED},
            ),
            REFUSED,
        ),
        (400, _error("…", "contentFilter"), REFUSED),
        (400, _error("…", "content_filter"), REFUSED),
        (400, _error("…", "BadRequest", innererror={"code": "ResponsibleAIPolicyViolation"}), REFUSED),
        (400, _error("…", "BadRequest", innererror={"content_filter_result": _FILTERED}), REFUSED),
        (
            400,
            _error(
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
                "Please modify your prompt and retry."
            ),
            REFUSED,
        ),
        (403, {"error": {"code": "Forbidden", "message": _BLOCKED}}, KEY),
        (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}}, KEY),
        (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, GONE),
        (429, {"error": {"code": "429", "message": "Requests have exceeded call rate limit."}}, THROTTLED),
    )
)

TOGETHER = tuple(
    _answer("together", *row)
    for row in (
        (400, {"id": "o", **_error("The prompt may not pass", "nsfw_content", "invalid_request_error")}, REFUSED),
        (422, {"id": "o", **_error("NSFW content detected in image", None, "nsfw_content")}, REFUSED),
        (422, _error("Input prompt contains NSFW content"), REFUSED),
        (401, _error("Invalid API key provided", "invalid_api_key"), KEY),
        (402, _error("You have reached your monthly spending limit"), MONEY),
        (403, _error("Input token count must be less than the context length"), REQUEST),
        (404, _error("Unable to access model m", "model_not_available"), GONE),
        (
            429,
            _error(
                "You have reached the rate limit specific to this model m. The maximum rate limit is 9.0 queries."
            ),
            THROTTLED,
        ),
        (503, _error("The engine is overloaded"), PASSING),
    )
)

DEEPINFRA = tuple(
    _answer("deepinfra", *row)
    for row in (
        (429, {"error": {"message": "Model busy, retry later"}}, THROTTLED),
        (401, _error("Not authenticated", None, "invalid_request_error"), KEY),
        (400, _error("Not authenticated", None, "invalid_request_error"), KEY),
        (403, {"detail": {"error": "Not authenticated"}}, KEY),
        (403, {"detail": {"error": "inference prohibited"}}, MONEY),
        (
            400,
            {
                "detail": {
                    "error": "inference prohibited, please enter a payment method in https://deepinfra.com/dash/billing"
                }
            },
            MONEY,
        ),
        (402, {"detail": {"error": "payment required"}}, MONEY),
        (404, {"detail": {"error": "Model not found"}}, GONE),
    )
)

XAI = (
    _answer(
        "xai",
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "Generated image rejected by content moderation.",
            "usage": {"cost_in_usd_ticks": 200_000_000},
        },
        REFUSED,
        cost_usd=0.02,
    ),
    _answer("xai", 400, {"code": "invalid-argument", "error": "Rejected by content moderation."}, REFUSED),
    _answer("xai", 200, {"data": [], "usage": {"cost_in_usd_ticks": 200_000_000}}, REFUSED, cost_usd=0.02),
    _answer("xai", 200, {"data": [{"url": "", "respect_moderation": False}]}, REFUSED),
    _answer(
        "xai",
        403,
        {"code": "The caller does not have permission to execute the specified operation", "error": _TEAM},
        MONEY,
    ),
    _answer("xai", 403, {"code": "permission-denied", "error": _TEAM}, MONEY),
    _answer("xai", 429, {"code": "Some resource has been exhausted", "error": _TEAM}, MONEY),
    _answer("xai", 429, {"code": "Some resource has been exhausted", "error": "Too many requests"}, THROTTLED),
    _answer("xai", 403, {"code": "permission-denied", "error": "No access to this model"}, KEY),
    _answer(
        "xai",
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "Incorrect API key provided: xa***gA. You can obtain an API key from https://console.x.ai.",
        },
        KEY,
    ),
    _answer("xai", 401, {"code": "unauthenticated:no-credentials", "error": "No credentials"}, KEY),
    _answer("xai", 400, {"code": "invalid-argument", "error": "Argument not supported: size"}, REQUEST),
    _answer("xai", 404, {"code": "not-found", "error": "The model m does not exist"}, GONE),
)

_FLAGGED = {"reasons": ["sexual"], "flagged_input": PROMPT[:100], "provider_name": "OpenAI", "model_slug": "m"}
OPENROUTER = (
    *(
        _answer(
            "openrouter",
            status,
            {"error": {"code": code, "message": message, "metadata": metadata}},
            fault,
            **more,
        )
        for status, code, message, metadata, fault, more in (
            (403, 403, "Input was flagged", _FLAGGED, REFUSED, {}),
            (403, 403, "Forbidden", _FLAGGED, REFUSED, {}),
            (403, 403, "Forbidden", {"reasons": ["violence"]}, REFUSED, {}),
            (403, 403, "Forbidden", {"flagged_input": "a"}, REFUSED, {}),
            (403, 403, "Forbidden", {"error_type": "content_policy_violation"}, REFUSED, {}),
            (400, 400, "Forbidden", {"error_type": "refusal"}, REFUSED, {}),
            (200, 403, "Forbidden", _FLAGGED, REFUSED, {}),
            (403, 403, "Forbidden", {"error_type": "permission_denied", "reasons": []}, KEY, {}),
            (
                402,
                402,
                "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
                {},
                MONEY,
                {},
            ),
            (403, 403, "Key limit", {"error_type": "payment_required"}, MONEY, {}),
            (401, 401, "User not found.", {"error_type": "authentication"}, KEY, {}),
            (
                429,
                429,
                "Rate limit exceeded: free-models-per-min",
                {
                    "headers": {
                        "X-RateLimit-Limit": "20",
                        "X-RateLimit-Remaining": "0",
                        "X-RateLimit-Reset": "1796000030000",
                    }
                },
                THROTTLED,
                {"headers": {"Date": "Tue, 30 Nov 2026 00:53:20 GMT"}, "wait_s": 30},
            ),
            (429, 429, "Provider returned error", {"raw": "slow down", "provider_name": "BFL"}, THROTTLED, {}),
            (200, 429, "Provider returned error", {}, THROTTLED, {}),
            (502, 502, "Provider returned error", {"raw": "upstream sad", "provider_name": "BFL"}, PASSING, {}),
            (502, 502, "Provider returned error", {"raw": '{"status":"Request Moderated"}'}, REFUSED, {}),
            (
                502,
                502,
                "Provider returned error",
                {"raw": json.dumps(_error("no", "moderation_blocked"))},
                REFUSED,
                {},
            ),
            (
                502,
                502,
                "Provider returned error",
                {"raw": json.dumps(_error("no", "invalid_api_key"))},
                PASSING,
                {},
            ),
            (
                503,
                503,
                "There is no available model provider that meets your routing requirements",
                {},
                PASSING,
                {},
            ),
            (524, 524, "Timed out", {"error_type": "timeout"}, OPEN, {}),
            (200, 524, "Timed out", {"error_type": "timeout"}, OPEN, {}),
            (529, 529, "Overloaded", {"error_type": "provider_overloaded"}, PASSING, {}),
        )
    ),
)


def _litellm(text: str, status: str, kind: str | None = None, /, **fields: Any) -> dict[str, Any]:
    return _error(text, status, kind, **({"provider_specific_fields": fields} if fields else {}))


_AZURE_REPR = (
    "litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - Error code: 400 - {'error': "
    "{'code': 'content_policy_violation', 'message': \"It's not possible\", 'inner_error': {'code': "
    "'ResponsibleAIPolicyViolation'"
)
LITELLM = tuple(
    _answer("litellm", *row)
    for row in (
        (400, _litellm("litellm.BadRequestError: no", "400", code="content_policy_violation"), REFUSED),
        (
            400,
            _litellm("litellm.BadRequestError: no", "400", innererror={"code": "ResponsibleAIPolicyViolation"}),
            REFUSED,
        ),
        (400, _litellm("litellm.BadRequestError: no", "400", error={"error": {"code": "contentFilter"}}), REFUSED),
        (400, _litellm("litellm.BadRequestError: no", "400", error={"type": "nsfw_content"}), REFUSED),
        (
            400,
            _litellm("litellm.BadRequestError: no", "400", body=json.dumps(_error("x", "moderation_blocked"))),
            REFUSED,
        ),
        (400, _litellm("litellm.ContentPolicyViolationError: AzureException - blocked", "400"), REFUSED),
        (400, _litellm(_AZURE_REPR + "}}}", "400"), REFUSED),
        (400, _litellm(_AZURE_REPR, "400"), REFUSED),
        (
            500,
            _litellm(
                'litellm.APIError: XaiException - {"code":"x","error":"Rejected by content moderation."}', "500"
            ),
            REFUSED,
        ),
        (
            400,
            _litellm(f"litellm.BadRequestError: OpenAIException - b'{json.dumps(_error(_SAFETY))}'", "400"),
            REFUSED,
        ),
        (
            400,
            _litellm("litellm.BadRequestError: ReplicateException - flagged as sensitive (E005)", "400"),
            REFUSED,
        ),
        (
            400,
            _litellm(
                'litellm.BadRequestError: CloudflareException - {"errors":[{"code":3030,"message":"AiError"}]}',
                "400",
            ),
            REFUSED,
        ),
        (
            422,
            _litellm("Budget has been exceeded! Current cost: 1.2, Max budget: 1.0", "422", "budget_exceeded"),
            MONEY,
        ),
        (400, _litellm("x", "400", "budget_exceeded"), MONEY),
        (429, _litellm("x", "429", "budget_exceeded"), MONEY),
        (402, _litellm("litellm.PaymentRequiredError: x", "402"), MONEY),
        (429, _litellm(f"litellm.RateLimitError: OpenAIException - {_QUOTA}", "429"), MONEY),
        (
            429,
            _litellm(
                f"litellm.RateLimitError: GeminiException - {_QUOTA} See https://ai.google.dev/rate-limits", "429"
            ),
            THROTTLED,
        ),
        (429, _litellm("litellm.RateLimitError: x", "429", code="insufficient_quota"), MONEY),
        (429, _litellm("litellm.RateLimitError: AzureException RateLimitError", "429"), THROTTLED),
        (401, _litellm("Authentication Error", "401", "auth_error"), KEY),
        (401, _litellm("Invalid proxy server token passed", "401", "token_not_found_in_db"), KEY),
        (400, _litellm("Authentication Error, Expired Key", "400", "expired_key"), KEY),
        (403, _litellm("key not allowed to access model", "403", "key_model_access_denied"), KEY),
        (503, _litellm("x", "503", "auth_provider_unavailable"), PASSING),
        (503, _litellm("x", "503", "no_db_connection"), PASSING),
        (500, _litellm("litellm.InternalServerError: x", "500"), PASSING),
        (408, _litellm("litellm.Timeout: x", "408"), OPEN),
        (404, _litellm("litellm.NotFoundError: x", "404"), GONE),
        (400, _litellm("litellm.BadRequestError: size is wrong", "400"), REQUEST),
        (200, {"error": {"message": "litellm.RateLimitError: x", "code": "429"}}, THROTTLED),
    )
)

OWN_SERVERS = (
    *(
        _answer(
            "cloudflare",
            status,
            {"success": False, "result": None, "errors": [{"code": code, "message": text}]},
            fault,
        )
        for status, code, text, fault in (
            (400, 3030, "AiError: AiError: Input prompt contains NSFW content", REFUSED),
            (200, 3030, "AiError: AiError: Output image contains NSFW content", REFUSED),
            (
                400,
                1,
                "Your output has been flagged. Please choose another prompt / input image combination",
                REFUSED,
            ),
            (429, 3036, "You have used up your daily free allocation of 10,000 neurons", MONEY),
            (429, 3040, "No more data centers to forward the request to", THROTTLED),
            (401, 10000, "Authentication error", KEY),
            (403, 3023, "Account blocked", KEY),
            (400, 5007, "No such model", GONE),
            (404, 3042, "No such model", GONE),
            (408, 3007, "Timeout", OPEN),
            (413, 3006, "Too large", REQUEST),
            (400, 5004, "Invalid input", REQUEST),
        )
    ),
    _answer("gemini", 200, {"promptFeedback": {"blockReason": "SAFETY"}}, REFUSED),
    _answer("gemini", 200, {"promptFeedback": {"blockReason": "OTHER"}}, REFUSED),
    _answer("gemini", 200, {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}, REFUSED),
    _answer("gemini", 200, {"candidates": [{"finishReason": "PROHIBITED_CONTENT"}]}, REFUSED),
    _answer("gemini", 200, {"candidates": [{"finishReason": "IMAGE_RECITATION"}]}, REFUSED),
    _answer("gemini", 200, {"candidates": [{"finishReason": "NO_IMAGE"}]}, NO_PICTURE),
    *(
        _answer("gemini", status, {"error": {"code": status, "message": text, "status": word}}, fault)
        for status, text, word, fault in (
            (402, "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", MONEY),
            (429, "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", MONEY),
            (429, "Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED", THROTTLED),
            (400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", KEY),
            (403, "Method doesn't allow unregistered callers", "PERMISSION_DENIED", KEY),
            (404, "models/m is not found", "NOT_FOUND", GONE),
            (503, "The model is overloaded.", "UNAVAILABLE", PASSING),
        )
    ),
    _answer(
        "compatible", 400, _error("Model mismatch: request specifies 'X' but server is running 'Y'.", 400), GONE
    ),
    _answer(
        "compatible", 400, {"detail": "response_format='url' requires cloud storage to be configured."}, REQUEST
    ),
    _answer(
        "compatible", 422, {"detail": [{"loc": ["body", "size"], "msg": "bad", "type": "value_error"}]}, REQUEST
    ),
    _answer("compatible", 500, {"detail": "Image generation failed: CUDA out of memory"}, PASSING),
    _answer("compatible", 503, {"error": "scheduler has failed"}, PASSING),
    _answer("compatible", 400, {"error": "prompt required"}, REQUEST),
    _answer("compatible", 500, {"error": "generate_image returned no results"}, PASSING),
    _answer("compatible", 500, {"error": "server_error", "message": "boom"}, PASSING),
    _answer("compatible", 200, {"error": {"message": "boom", "type": "server_error"}}, PASSING),
    _answer("compatible", 429, {"error": "job queue is full"}, THROTTLED),
    _answer("compatible", 200, {"data": [{}]}, NO_PICTURE),
    _answer("localai", 404, _error("model not found", 404), GONE),
    _answer("localai", 401, _error("Authorization header missing", 401), KEY),
    _answer("localai", 500, _error("grpc service not ready", 500), LOADING),
    _answer("localai", 500, _error("could not load model: no such file", 500), PASSING),
    _answer("localai", 200, {"created": 1, "data": []}, NO_PICTURE),
    _answer(
        "bfl",
        402,
        {"error": "insufficient_credits", "message": "Your account does not have enough credits"},
        MONEY,
    ),
    _answer("bfl", 403, {"detail": "Not authenticated"}, KEY),
    _answer("bfl", 401, {"error": "invalid_api_key", "message": "x"}, KEY),
    _answer(
        "bfl",
        429,
        {"error": "rate_limit_exceeded", "message": "Too many concurrent requests", "retry_after": 5},
        THROTTLED,
        wait_s=5,
    ),
    _answer("bfl", 422, {"error": "content_policy_violation", "message": "x"}, REFUSED),
    _answer("bfl", 422, {"error": "validation_error", "details": {"width": "Must be a multiple of 16"}}, REQUEST),
)

NOT_WHAT_IT_LOOKS_LIKE = tuple(
    _answer("compatible", *row)
    for row in (
        (401, _error("Your key was rejected by the safety system of this gateway"), KEY),
        (401, _error("No access. Our content policy and the safety of keys are described at /safety"), KEY),
        (402, _error("Payment required; content blocked by the safety system is not charged"), MONEY),
        (404, _error("no route /safety-system/nsfw"), GONE),
        (429, _error("Slow down. Requests rejected by the safety system count as well"), THROTTLED),
        (503, _error("content moderation has rejected the connection"), PASSING),
        (400, _error("Unsupported content type: send content-type application/json"), REQUEST),
        (400, _error("Invalid header content-length; the content of the request is empty"), REQUEST),
        (415, _error("content-type is not allowed"), REQUEST),
        (400, _error("Unknown parameter safety_checker"), REQUEST),
        (400, _error("Unknown parameter: enable_safety_filter is not allowed"), REQUEST),
        (400, _error("moderation must be one of auto, low"), REQUEST),
        (400, _error("Unknown parameter rate_limit, credit or billing"), REQUEST),
        (400, _error("n must be 1: credits are counted by picture"), REQUEST),
        (400, _error("the prompt has 4,001 letters, which is over the limit; the rate is 1"), REQUEST),
        (500, _error("content_filter_unavailable", "content_filter_unavailable"), PASSING),
        (500, _error("The content moderation service does not answer"), PASSING),
        (500, _error("billing service: insufficient credits of its own", 500), PASSING),
        (502, _error("Upstream says: Invalid API key"), PASSING),
        # our own prompt, repeated
        (400, _error(f"Invalid prompt: {PROMPT}"), REQUEST),
        (400, _error(f"Invalid prompt: {PROMPT[:40]}"), REQUEST),
        (400, _error(f'Invalid prompt "{PROMPT}"'), REQUEST),
        (
            400,
            _error("Invalid prompt 'NSFW content detected, rate limit exceeded, insufficient credits'"),
            REQUEST,
        ),
        (
            422,
            {"detail": [{"type": "string_too_long", "msg": "too long", "input": "NSFW content detected"}]},
            REQUEST,
        ),
        (
            400,
            {
                "error": {"message": "bad"},
                "prompt": "NSFW content detected",
                "revised_prompt": "rate limit exceeded",
            },
            REQUEST,
        ),
        (500, {"error": "oops", "request": {"prompt": "Rejected by content moderation."}}, PASSING),
        (500, {"error": "oops", "logs": "nsfw content detected\nrate limit exceeded\nuser is locked"}, PASSING),
        (400, {"error": json.dumps({"message": "bad size", "prompt": "NSFW content detected"})}, REQUEST),
    )
)

ANSWERS = (
    *HUGGING_FACE,
    *FAL,
    *POLLINATIONS,
    *OPENAI,
    *AZURE,
    *TOGETHER,
    *DEEPINFRA,
    *XAI,
    *OPENROUTER,
    *LITELLM,
    *OWN_SERVERS,
    *NOT_WHAT_IT_LOOKS_LIKE,
)
