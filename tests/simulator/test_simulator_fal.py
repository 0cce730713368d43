"""fal: sync and queue, direct and through the router."""

import aiohttp
import pytest
from simulator_support import FAL, HF, ORDER, SLOW, STUCK, fal_sync, get, get_bytes, picture, post

from retrato.simulator.server import Simulator


def _queue(simulator: Simulator, path: str = "/flux/dev") -> str:
    return f"{simulator.urls.huggingface_router}/fal-ai/fal-ai{path}?_subdomain=queue"


async def test_sync_route_answers_with_a_picture_elsewhere(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await post(http, fal_sync(simulator), ORDER, HF)
    _, data = await get_bytes(http, body["images"][0]["url"])

    assert status == 200
    assert (body["seed"], body["prompt"], body["has_nsfw_concepts"]) == (7, "a captain", [False])
    assert (picture(data).format, picture(data).size) == ("JPEG", (1024, 1024))


async def test_size_falls_back_to_landscape(simulator: Simulator, http: aiohttp.ClientSession):
    body = {"prompt": "a captain", "width": 1024, "height": 1024, "aspect_ratio": "1:1"}

    _, result = await post(http, fal_sync(simulator), body, HF)

    assert (result["images"][0]["width"], result["images"][0]["height"]) == (1024, 768)


async def test_without_seed_every_picture_is_another(simulator: Simulator, http: aiohttp.ClientSession):
    _, one = await post(http, fal_sync(simulator), {"prompt": "a"}, HF)
    _, two = await post(http, fal_sync(simulator), {"prompt": "a"}, HF)

    assert one["seed"] != two["seed"]


@pytest.mark.parametrize(
    ("change", "kind", "place"),
    [
        ({"prompt": None}, "missing", ["body", "prompt"]),
        ({"num_inference_steps": 51}, "less_than_equal", ["body", "num_inference_steps"]),
        ({"guidance_scale": "high"}, "float_type", ["body", "guidance_scale"]),
        ({"image_size": "huge"}, "one_of", ["body", "image_size"]),
        ({"image_size": {"width": "1"}}, "int_type", ["body", "width"]),
        ({"output_format": "webp"}, "one_of", ["body", "output_format"]),
        ({"num_images": 5}, "less_than_equal", ["body", "num_images"]),
    ],
)
async def test_wrong_field_is_named(
    *, simulator: Simulator, http: aiohttp.ClientSession, change: dict, kind: str, place: list
):
    async with http.post(fal_sync(simulator), json=ORDER | change, headers=HF) as reply:
        (detail,) = (await reply.json())["detail"]

    assert reply.status == 422
    assert reply.headers["X-Fal-Retryable"] == "false"
    assert (detail["type"], detail["loc"]) == (kind, place)


async def test_sync_mode_puts_the_picture_into_the_answer(simulator: Simulator, http: aiohttp.ClientSession):
    _, body = await post(http, fal_sync(simulator), ORDER | {"sync_mode": True}, HF)

    assert body["images"][0]["url"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Key hf_x"}])
async def test_router_wants_a_token_of_hugging_face(
    simulator: Simulator, http: aiohttp.ClientSession, headers: dict[str, str]
):
    assert await post(http, fal_sync(simulator), ORDER, headers) == (
        401,
        {"error": "Invalid username or password."},
    )


async def test_direct_host_wants_a_key_of_fal(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.fal_run}/fal-ai/flux/dev"

    assert (await post(http, url, ORDER, FAL))[0] == 200
    assert await post(http, url, ORDER, HF) == (
        401,
        {
            "detail": "Cannot access application 'fal-ai/flux'. Authentication is required to access this "
            "application."
        },
    )


async def test_unknown_application_is_not_found(simulator: Simulator, http: aiohttp.ClientSession):
    status, _ = await post(http, f"{simulator.urls.fal_run}/fal-ai/flux/nope", ORDER, FAL)

    assert status == 404


@pytest.mark.parametrize("scenario", [SLOW])
async def test_queue_through_the_router_names_fals_own_host(simulator: Simulator, http: aiohttp.ClientSession):
    _, ticket = await post(http, _queue(simulator), ORDER, HF)
    path = ticket["response_url"].removeprefix("https://queue.fal.run/fal-ai")
    states = [await get(http, _queue(simulator, f"{path}/status"), HF)]
    while states[-1][1]["status"] != "COMPLETED":
        states.append(await get(http, _queue(simulator, f"{path}/status"), HF))
    status, result = await get(http, _queue(simulator, path), HF)

    assert path == f"/flux/requests/{ticket['request_id']}"
    assert list(dict.fromkeys((code, body["status"]) for code, body in states)) == [
        (202, "IN_QUEUE"),
        (202, "IN_PROGRESS"),
        (200, "COMPLETED"),
    ]
    assert (status, result["seed"]) == (200, 7)


async def test_direct_queue_returns_urls_that_can_be_followed(simulator: Simulator, http: aiohttp.ClientSession):
    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)
    status, body = await get(http, ticket["status_url"], FAL)
    _, result = await get(http, ticket["response_url"], FAL)

    assert ticket["status_url"].startswith(simulator.urls.fal_queue + "/fal-ai/flux/requests/")
    assert (status, body["status"], body["response_url"]) == (200, "COMPLETED", ticket["response_url"])
    assert result["images"]


@pytest.mark.parametrize("scenario", [STUCK])
async def test_queue_does_not_give_what_is_not_done(simulator: Simulator, http: aiohttp.ClientSession):
    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)

    assert (await get(http, ticket["response_url"], FAL))[0] == 400


@pytest.mark.parametrize("scenario", [STUCK])
async def test_queued_job_can_be_cancelled_and_is_not_billed(simulator: Simulator, http: aiohttp.ClientSession):
    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)
    answers = []
    for _ in range(2):
        async with http.put(ticket["cancel_url"], headers=FAL) as reply:
            answers.append((reply.status, await reply.json()))

    assert answers == [(202, {"status": "CANCELLATION_REQUESTED"}), (400, {"status": "ALREADY_COMPLETED"})]
    assert simulator.world.ledger.billed() == 0


async def test_cancelling_a_stranger_is_not_found(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.fal_queue}/fal-ai/flux/requests/nobody/cancel"

    async with http.put(url, headers=FAL) as reply:
        assert (reply.status, await reply.json()) == (404, {"status": "NOT_FOUND"})


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("job_failed", 503, "runner_disconnected"), ("job_refused", 422, "content_policy_violation")],
)
async def test_failed_job_is_completed_with_an_error(
    *, simulator: Simulator, http: aiohttp.ClientSession, fault: str, status: int, kind: str
):
    simulator.world.script("falqueue", [fault])

    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)
    _, state = await get(http, ticket["status_url"], FAL)

    assert (state["status"], state["error_type"]) == ("COMPLETED", kind)
    assert (await get(http, ticket["response_url"], FAL))[0] == status
    assert simulator.world.ledger.billed() == 0


async def test_lost_job_is_unknown_to_polls_but_billed(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("falqueue", ["job_lost"])

    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)

    assert (await get(http, ticket["status_url"], FAL))[0] == 404
    assert simulator.world.ledger.billed("falqueue") == 1


async def test_checkers_hit_is_flagged_and_black(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("fal-ai", ["nsfw"])

    status, body = await post(http, fal_sync(simulator), ORDER, HF)
    _, data = await get_bytes(http, body["images"][0]["url"])

    assert (status, body["has_nsfw_concepts"]) == (200, [True])
    assert picture(data).getextrema() == ((0, 0), (0, 0), (0, 0))


async def test_polls_can_be_scripted_apart_from_orders(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("falqueue.status", ["poll_404", "html_502"])

    _, ticket = await post(http, f"{simulator.urls.fal_queue}/fal-ai/flux/dev", ORDER, FAL)
    codes = [(await get_bytes(http, ticket["status_url"], FAL))[0] for _ in range(3)]

    assert codes == [404, 502, 200]
