"""What fal answers, on its own hosts and passed on by the router (PROVIDERS.md, C)."""

from collections.abc import Mapping
from typing import Any

from retrato.simulator.fault import Fault, answer

FAL_401 = "Cannot access application 'fal-ai/flux'. Authentication is required to access this application."
FAL_LOCKED = "User is locked. Reason: {}."
REFUSAL = [
    {
        "loc": ["body", "prompt"],
        "msg": "The content could not be processed because it contained material flagged by a content checker.",
        "type": "content_policy_violation",
        "url": "https://docs.fal.ai/errors#content_policy_violation",
        "ctx": {"extra_info": {"violation_type": "nsfw"}},
        "input": "",
    }
]
RUNNER = {"detail": "Runner disconnected", "error_type": "runner_disconnected"}
ERROR_TYPE_HEADER = "X-Fal-Error-Type"
"""Says the same as ``error_type`` in the body (docs of fal, "Request errors", 2026)."""


def _fal(name: str, status: int, detail: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Fault:
    named = {ERROR_TYPE_HEADER: more["error_type"]} if "error_type" in more else {}
    return answer(status, {"detail": detail} | more, name=name, headers=named | dict(headers or {}))


FAL = (
    _fal("fal_401", 401, FAL_401),
    _fal(
        "fal_403_locked",
        403,
        FAL_LOCKED.format("Exhausted balance. Top up your balance at fal.ai/dashboard/billing"),
    ),
    _fal("fal_403_budget", 403, FAL_LOCKED.format("User budget is exceeded")),
    _fal("fal_403_payment", 403, FAL_LOCKED.format("Please add a payment method")),
    _fal("fal_403_admin", 403, FAL_LOCKED.format("Admin lock")),
    _fal("fal_422_content_policy", 422, REFUSAL, {"X-Fal-Retryable": "false"}),
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
    _fal("fal_422_text", 422, "prompt: too long", {"X-Fal-Retryable": "false"}),
    answer(
        200,
        {"images": [{"url": "http://169.254.169.254/latest/user-data"}], "has_nsfw_concepts": [False]},
        name="fal_200_private_url",
    ),
    answer(200, {"images": [], "has_nsfw_concepts": []}, name="fal_200_no_images"),
)
