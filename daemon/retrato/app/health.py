"""What a daemon on this machine says of itself."""

import json
import urllib.error
import urllib.request
from typing import Any


def health(url: str, *, timeout_s: float) -> Any:
    """
    What ``/healthz`` at *url* answers, also where it says that something has stalled.

    Raises:
        OSError: nobody answers.
        ValueError: what answers is no daemon of ours.

    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # HTTP_PROXY is for what is elsewhere
    try:
        with direct.open(f"{url}/healthz", timeout=timeout_s) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            return json.load(exc)
