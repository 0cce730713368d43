"""What Replicate, wavespeed, OpenAI and those who follow it answer (PROVIDERS.md, A.4, D)."""

from typing import Any

from retrato.simulator.fault import Fault, answer


def _openai(name: str, status: int, code: str, message: str, **more: Any) -> Fault:
    kind = more.pop("type", "invalid_request_error")
    headers = more.pop("headers", None)
    error = {"message": message, "type": kind, "param": None, "code": code} | more
    return answer(status, {"error": error}, name=name, headers=headers)


REPLICATE = (
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

WAVESPEED = (
    answer(401, {"code": 401, "message": "Unauthorized"}, name="wavespeed_401"),
    answer(429, {"code": 429, "message": "Too many requests"}, name="wavespeed_429"),
)

OPENAI = (
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
    _openai(
        "openai_429_spend",
        429,
        "project_spend_limit_exceeded",
        "This project has reached its spend limit.",
    ),
    answer(200, {"error": {"code": 429, "message": "Provider returned error"}}, name="openrouter_200_error"),
)
