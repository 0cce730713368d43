"""Misbehaviour that any of them may show: connections, result host, pictures, jobs (PROVIDERS.md, G and I)."""

from collections.abc import Mapping
from typing import Any

from retrato.simulator.fault import OK, Fault, Kind, Trouble, answer, cut, spoiled, stall
from retrato.simulator.faults.fal import ERROR_TYPE_HEADER, REFUSAL, RUNNER

_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
# nginx's own page, to the letter: fal's client looks for its name to tell the gateway from the application.
_NGINX = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def _failed(name: str, status: int, body: Any, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(name=name, kind=Kind.JOB, job=Trouble.FAILED, status=status, body=body, headers=headers or {})


BEHAVIOUR = (
    OK,
    Fault(name="hang", kind=Kind.HANG),
    Fault(name="close", kind=Kind.CLOSE),
    Fault(name="vanish", kind=Kind.VANISH),
    cut(1000),
    stall(1000),
    answer(200, {"error": "Internal Server Error"}, name="json_200"),
    answer(200, _HTML.format("We will be back soon"), name="html_200"),
    answer(403, "<Error><Code>AccessDenied</Code></Error>", name="cdn_403"),
    answer(404, "Not Found", name="cdn_404"),
    answer(
        302,
        "",
        name="cdn_redirect_private",
        headers={"Location": "http://169.254.169.254/latest/meta-data/iam/"},
    ),
    answer(404, {"detail": "Request not found"}, name="poll_404"),
    answer(502, _NGINX.format("502 Bad Gateway"), name="html_502"),
    answer(503, _NGINX.format("503 Service Temporarily Unavailable"), name="html_503"),
    answer(504, _NGINX.format("504 Gateway Time-out"), name="html_504"),
)

PICTURES = tuple(
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

JOBS = (
    _failed("job_failed", 503, RUNNER, {ERROR_TYPE_HEADER: RUNNER["error_type"]}),
    _failed("job_refused", 422, {"detail": REFUSAL}, {"X-Fal-Retryable": "false"}),
    Fault(name="job_stuck", kind=Kind.JOB, job=Trouble.STUCK),
    Fault(name="job_lost", kind=Kind.JOB, job=Trouble.LOST),
    Fault(name="nsfw", kind=Kind.JOB, job=Trouble.FLAGGED, spoil="black"),
)
