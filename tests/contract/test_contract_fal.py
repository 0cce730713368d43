"""fal's own client draws on the simulated direct hosts: synchronous route and queue."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import fal_client
import pytest
from contract_support import (
    KEYS,
    LONGEST_S,
    PROMPT,
    SEED,
    SLOW,
    STUCK,
    TIMEOUT_S,
    fetched,
    in_thread,
    steps,
    until,
)

from retrato.simulator.scenario import Limit, Scenario
from retrato.simulator.server import Simulator

pytestmark = pytest.mark.usefixtures("fal_urls")

_APP = "fal-ai/flux/dev"
_ORDER: dict[str, Any] = {"prompt": PROMPT, "image_size": "portrait_4_3", "seed": SEED}
_START_S = 1.05
"""The client takes nothing of a second or less."""


@pytest.fixture
def fal() -> Iterator[fal_client.SyncClient]:
    client = fal_client.SyncClient(key=KEYS.fal, default_timeout=TIMEOUT_S)
    yield client
    client._client.close()


@pytest.fixture
async def fal_async() -> AsyncIterator[fal_client.AsyncClient]:
    client = fal_client.AsyncClient(key=KEYS.fal, default_timeout=TIMEOUT_S)
    yield client
    await (await client._client).aclose()


async def test_run_draws_at_once(simulator: Simulator, fal: fal_client.SyncClient):
    result = await in_thread(fal.run, _APP, _ORDER, timeout=TIMEOUT_S)
    image = await fetched(result["images"][0]["url"])

    assert (result["seed"], result["prompt"], result["has_nsfw_concepts"]) == (SEED, PROMPT, [False])
    assert (image.format, image.size) == ("JPEG", (768, 1024))
    assert steps(simulator.world.ledger) == ["fal.draw", "cdn.download"]
    (order,) = simulator.world.ledger.orders("fal")
    assert (order.prompt, order.seed, order.width, order.height) == (PROMPT, SEED, 768, 1024)
    assert simulator.world.ledger.billed("fal", prompt=PROMPT, seed=SEED) == 1


@pytest.mark.parametrize("scenario", [SLOW])
async def test_subscribe_follows_the_queue_to_its_end(simulator: Simulator, fal: fal_client.SyncClient):
    seen: list[fal_client.Status] = []
    numbers: list[str] = []

    result = await in_thread(
        fal.subscribe,
        _APP,
        _ORDER,
        with_logs=True,
        interval=0.05,
        on_enqueue=numbers.append,
        on_queue_update=seen.append,
    )
    image = await fetched(result["images"][0]["url"])

    kinds = list(dict.fromkeys(type(state) for state in seen))
    assert kinds == [fal_client.Queued, fal_client.InProgress, fal_client.Completed]
    assert (len(numbers), image.size) == (1, (768, 1024))
    assert simulator.world.ledger.billed("falqueue", prompt=PROMPT, seed=SEED) == 1


async def test_submitted_request_is_found_again_by_its_id(simulator: Simulator, fal: fal_client.SyncClient):
    """The client builds these URLs itself, without the application's sub-path."""
    handle = await in_thread(fal.submit, _APP, _ORDER)

    state = await in_thread(fal.status, _APP, handle.request_id)
    result = await in_thread(fal.result, _APP, handle.request_id)

    assert isinstance(state, fal_client.Completed)
    assert (state.error, set(state.metrics)) == (None, {"inference_time"})
    assert result["seed"] == SEED
    assert steps(simulator.world.ledger) == [
        "falqueue.draw",
        "falqueue.status",
        "falqueue.status",
        "falqueue.result",
    ]
    assert simulator.world.ledger.billed() == 1


@pytest.mark.parametrize("scenario", [STUCK])
async def test_cancelled_request_ends_unbilled(simulator: Simulator, fal: fal_client.SyncClient):
    handle = await in_thread(fal.submit, _APP, _ORDER)
    await in_thread(handle.cancel)

    state = await in_thread(handle.status)
    with pytest.raises(fal_client.FalClientHTTPError) as gone:
        await in_thread(handle.get)
    with pytest.raises(fal_client.FalClientHTTPError) as again:
        await in_thread(fal.cancel, _APP, handle.request_id)

    assert isinstance(state, fal_client.Completed)
    assert (state.error_type, gone.value.status_code, again.value.status_code) == ("client_cancelled", 499, 400)
    assert "ALREADY_COMPLETED" in str(again.value)
    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize("scenario", [STUCK])
async def test_client_that_gives_up_cancels_its_request(simulator: Simulator, fal: fal_client.SyncClient):
    with pytest.raises(fal_client.FalClientTimeoutError) as caught:
        await in_thread(fal.subscribe, _APP, _ORDER, client_timeout=_START_S)
    # Its thread goes on until it learns of the end.
    await until(lambda: "falqueue.result" in steps(simulator.world.ledger))

    assert caught.value.request_id
    assert "falqueue.cancel" in steps(simulator.world.ledger)
    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize("scenario", [STUCK])
async def test_time_to_start_is_kept_and_not_tried_again(simulator: Simulator, fal: fal_client.SyncClient):
    handle = await in_thread(fal.submit, _APP, _ORDER, start_timeout=_START_S)

    with pytest.raises(fal_client.FalClientHTTPError) as at_once:
        await in_thread(fal.run, _APP, _ORDER, timeout=TIMEOUT_S, start_timeout=_START_S)
    state = await in_thread(handle.status)

    assert (at_once.value.status_code, at_once.value.error_type) == (504, "request_timeout")
    assert at_once.value.response_headers["x-fal-request-timeout-type"] == "user"
    assert isinstance(state, fal_client.Completed)
    assert state.error_type == "request_timeout"
    assert steps(simulator.world.ledger) == ["falqueue.draw", "fal.draw", "falqueue.status"]
    assert simulator.world.ledger.billed() == 0


async def test_asynchronous_client_draws_as_well(simulator: Simulator, fal_async: fal_client.AsyncClient):
    async with asyncio.timeout(LONGEST_S):
        at_once = await fal_async.run(_APP, _ORDER, timeout=TIMEOUT_S)
        queued = await fal_async.subscribe(_APP, _ORDER)

    assert (at_once["seed"], queued["seed"]) == (SEED, SEED)
    assert [simulator.world.ledger.billed(leg) for leg in ("fal", "falqueue")] == [1, 1]


@pytest.mark.parametrize(
    "faults", [["fal_429", "fal_429"], ["html_502"], ["html_503"], ["html_504"], ["close"], ["status:408"]]
)
async def test_client_tries_again_what_was_not_begun(
    *, simulator: Simulator, fal: fal_client.SyncClient, faults: list[str]
):
    simulator.world.script("fal", faults)

    await in_thread(fal.run, _APP, _ORDER, timeout=TIMEOUT_S)

    assert len(simulator.world.ledger.orders("fal")) == len(faults) + 1
    assert simulator.world.ledger.billed("fal", prompt=PROMPT, seed=SEED) == 1


async def test_client_forgives_polls_that_failed(simulator: Simulator, fal: fal_client.SyncClient):
    simulator.world.script("falqueue.status", ["html_502", "fal_429"])
    simulator.world.script("falqueue.result", ["close"])

    await in_thread(fal.subscribe, _APP, _ORDER)

    assert steps(simulator.world.ledger) == ["falqueue.draw", *["falqueue.status"] * 3, *["falqueue.result"] * 2]
    assert simulator.world.ledger.billed("falqueue", prompt=PROMPT, seed=SEED) == 1


@pytest.mark.parametrize(
    ("fault", "status", "kind", "said"),
    [
        ("fal_401", 401, None, "Cannot access application 'fal-ai/flux'. Authentication is required"),
        ("fal_403_locked", 403, None, "User is locked. Reason: Exhausted balance."),
        ("fal_422_content_policy", 422, None, "content_policy_violation"),
        ("fal_422_text", 422, None, "prompt: too long"),
        ("fal_500", 500, None, "internal_server_error"),
        ("fal_500_internal", 500, "internal_error", "Internal error"),
        ("fal_503_runner", 503, "runner_scheduling_failure", "No runner available"),
        ("fal_504_timeout", 504, "request_timeout", "Request timed out"),
        ("fal_504_user_timeout", 504, "request_timeout", "Request timed out"),
    ],
)
async def test_refusal_is_not_tried_again_and_says_why(
    *, simulator: Simulator, fal: fal_client.SyncClient, fault: str, status: int, kind: str | None, said: str
):
    simulator.world.script("fal", [fault])

    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        await in_thread(fal.run, _APP, _ORDER, timeout=TIMEOUT_S)

    error = caught.value
    assert (error.status_code, error.error_type, error.response_headers.get("x-fal-error-type")) == (
        status,
        kind,
        kind,
    )
    assert said in str(error.message)
    assert "x-fal-request-id" in error.response_headers
    assert (len(simulator.world.ledger.orders()), simulator.world.ledger.billed()) == (1, 0)


@pytest.mark.parametrize(
    ("change", "place", "kind"),
    [
        ({"image_size": "huge"}, ["body", "image_size"], "one_of"),
        ({"num_images": 5}, ["body", "num_images"], "less_than_equal"),
        ({"prompt": None}, ["body", "prompt"], "missing"),
    ],
)
async def test_wrong_field_is_named(
    *, simulator: Simulator, fal: fal_client.SyncClient, change: dict[str, Any], place: list[str], kind: str
):
    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        await in_thread(fal.run, _APP, _ORDER | change, timeout=TIMEOUT_S)

    (detail,) = caught.value.message
    assert (caught.value.status_code, detail["loc"], detail["type"]) == (422, place, kind)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("job_failed", 503, "runner_disconnected"), ("job_refused", 422, "content_policy_violation")],
)
async def test_failed_request_is_completed_with_an_error(
    *, simulator: Simulator, fal: fal_client.SyncClient, fault: str, status: int, kind: str
):
    simulator.world.script("falqueue", [fault])

    handle = await in_thread(fal.submit, _APP, _ORDER)
    state = await in_thread(handle.status)
    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        await in_thread(handle.get)

    assert isinstance(state, fal_client.Completed)
    assert (state.error_type, caught.value.status_code) == (kind, status)
    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize("scenario", [Scenario(faces=False, keys={"fal": ("another:key",)})])
async def test_wrong_key_is_refused(simulator: Simulator, fal: fal_client.SyncClient):
    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        await in_thread(fal.submit, _APP, _ORDER)

    assert (caught.value.status_code, len(simulator.world.ledger.orders())) == (401, 1)


@pytest.mark.parametrize("scenario", [Scenario(faces=False, credit_usd={"fal": 0.01})])
async def test_spent_credit_locks_the_user(simulator: Simulator, fal: fal_client.SyncClient):
    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        await in_thread(fal.submit, _APP, _ORDER)

    assert caught.value.status_code == 403
    assert "Exhausted balance" in str(caught.value)


@pytest.mark.parametrize("scenario", [SLOW.model_copy(update={"limits": {"fal": Limit(at_once=1)}})])
async def test_client_waits_for_its_turn_where_few_may_run_at_once(
    simulator: Simulator, fal: fal_client.SyncClient
):
    await asyncio.gather(*(in_thread(fal.run, _APP, _ORDER, timeout=TIMEOUT_S) for _ in range(2)))

    assert simulator.world.ledger.max_at_once("fal") == 1
    assert 429 in {call.status for call in simulator.world.ledger.orders("fal")}
    assert simulator.world.ledger.billed("fal") == 2
