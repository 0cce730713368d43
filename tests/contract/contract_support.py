"""What the contract tests share: keys, addresses, threads for clients that block, and reading a picture."""

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.request import urlopen

import httpx2
from huggingface_hub.utils import _http
from PIL import Image

from retrato.simulator.ledger import Ledger
from retrato.simulator.scenario import Scenario

PROMPT = "a captain, oil portrait"
SEED = 7
TIMEOUT_S = 5.0
LONGEST_S = 20.0
STUCK = Scenario(faces=False, latency_seconds={"default": (3600, 3600)})
SLOW = Scenario(faces=False, latency_seconds={"default": (0.9, 0.9)})

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class _Keys:
    hugging_face: str = "hf_canary"
    fal: str = "id:secret"
    openai: str = "sk-canary"


KEYS = _Keys()


class AddressBook:
    """
    Sends what is meant for real hosts to the simulator, as a resolver would; a host that is not in it is an error.

    The client never sees another URL than its own: an address is changed when a request has been made up, and
    changed back when its answer is there.

    Attributes:
        asked: method and URL of every request, as the client wrote them.

    """

    def __init__(self, hosts: Mapping[str, str]) -> None:
        self._hosts = hosts
        self.asked: list[str] = []

    def client(self) -> httpx2.Client:
        """The client that huggingface_hub makes itself, with this book behind it."""
        made = _http.default_client_factory()
        made.event_hooks["request"].append(self._send_off)
        made.event_hooks["response"].append(self._bring_back)
        return made

    def async_client(self) -> httpx2.AsyncClient:
        """The same for its asynchronous half."""
        made = _http.default_async_client_factory()

        async def send_off(request: httpx2.Request) -> None:
            self._send_off(request)

        async def bring_back(response: httpx2.Response) -> None:
            self._bring_back(response)

        made.event_hooks["request"].append(send_off)
        made.event_hooks["response"].append(bring_back)
        return made

    def _send_off(self, request: httpx2.Request) -> None:
        asked = request.url
        self.asked.append(f"{request.method} {asked}")
        request.extensions["asked"] = asked
        if asked.host != "127.0.0.1":
            request.url = httpx2.URL(self._hosts[asked.host] + asked.raw_path.decode())
            request.headers["Host"] = request.url.netloc.decode()

    def _bring_back(self, response: httpx2.Response) -> None:
        response.request.url = response.request.extensions["asked"]


async def in_thread(call: Callable[..., ResultT], *args: Any, **more: Any) -> ResultT:
    """Run a call that blocks, so that the simulator in this loop can answer it."""
    async with asyncio.timeout(LONGEST_S):
        return await asyncio.to_thread(call, *args, **more)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that a thread of the client's is about to do."""
    async with asyncio.timeout(LONGEST_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def fetched(url: str) -> Image.Image:
    """The picture at *url*, downloaded without any key."""

    def read() -> bytes:
        with urlopen(url, timeout=TIMEOUT_S) as reply:  # noqa: S310 - the simulator's own URL
            return bytes(reply.read())

    return picture(await in_thread(read))


def picture(data: bytes) -> Image.Image:
    """The decoded picture."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def steps(ledger: Ledger) -> list[str]:
    """Every request so far, in the words of the ledger."""
    return [f"{call.leg}.{call.step}" for call in ledger.calls]
