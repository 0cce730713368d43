"""What the simulated Hub and router answer when they refuse becomes Hugging Face's own exceptions."""

import pytest
from contract_support import KEYS, PROMPT, TIMEOUT_S, AddressBook, in_thread
from huggingface_hub import InferenceClient
from huggingface_hub.errors import BadRequestError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_DEV = "black-forest-labs/FLUX.1-dev"
_DEPLETED = (
    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference "
    "Providers. Alternatively, subscribe to PRO to get 20x more included usage."
)
_NO_PERMISSION = (
    "This authentication method does not have sufficient permissions to call Inference Providers on behalf of "
    "user retrato"
)


async def _refused(
    url_or_model: str = _DEV, *, provider: str = "fal-ai", key: str = KEYS.hugging_face
) -> HfHubHTTPError:
    client = InferenceClient(provider=provider, api_key=key, timeout=TIMEOUT_S)
    with pytest.raises(HfHubHTTPError) as caught:
        await in_thread(client.text_to_image, PROMPT, model=url_or_model)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "status", "said"),
    [
        ("hf_400_not_supported", BadRequestError, 400, "Model not supported by provider fal-ai"),
        ("hf_400_list", BadRequestError, 400, "Input should be a valid integer\nin `num_inference_steps`"),
        ("hf_400_errors", BadRequestError, 400, "prompt is too long"),
        ("hf_400_description", BadRequestError, 400, "invalid_request: The request is malformed."),
        ("hf_401", HfHubHTTPError, 401, "Invalid username or password."),
        (
            "hf_401_header",
            HfHubHTTPError,
            401,
            "Invalid credentials in Authorization header\nUnauthorized",
        ),
        (
            "hf_402_depleted",
            HfHubHTTPError,
            402,
            _DEPLETED,
        ),
        (
            "hf_403_permission",
            HfHubHTTPError,
            403,
            _NO_PERMISSION,
        ),
        ("hf_403_gated", GatedRepoError, 403, "Forbidden"),
        ("hf_404", HfHubHTTPError, 404, "Not Found"),
        (
            "hf_410_retired",
            HfHubHTTPError,
            410,
            "The requested model is deprecated and no longer supported by provider hf-inference",
        ),
        ("hf_429", HfHubHTTPError, 429, "Too Many Requests"),
        ("hf_500", HfHubHTTPError, 500, "Internal Server Error"),
        ("hf_503_loading", HfHubHTTPError, 503, "Model black-forest-labs/FLUX.1-dev is currently loading"),
        ("html_502", HfHubHTTPError, 502, None),
    ],
)
async def test_refusal_is_the_documented_exception_with_the_servers_message(
    *,
    simulator: Simulator,
    hub: AddressBook,
    fault: str,
    kind: type[HfHubHTTPError],
    status: int,
    said: str | None,
):
    simulator.world.script("fal-ai", [fault])

    error = await _refused()

    assert type(error) is kind
    assert (error.response.status_code, error.server_message) == (status, said)
    assert simulator.world.ledger.billed() == 0


async def test_refusal_carries_an_id_for_the_support(simulator: Simulator, hub: AddressBook):
    simulator.world.script("fal-ai", ["hf_500"])

    error = await _refused()

    assert error.request_id
    assert f"Request ID: {error.request_id}" in str(error)


async def test_rate_limit_is_read_from_the_headers(simulator: Simulator, hub: AddressBook):
    simulator.world.script("fal-ai", ["hf_429"])

    error = await _refused()

    assert "you have reached your 'api' rate limit" in str(error)
    assert "Retry after 2 seconds (0/500 requests remaining in current 300s window)." in str(error)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("fal_422_content_policy", "content_policy_violation"), ("fal_422_value", "less_than_equal")],
)
async def test_partners_validation_is_passed_on(*, simulator: Simulator, hub: AddressBook, fault: str, said: str):
    simulator.world.script("fal-ai", [fault])

    error = await _refused()

    assert error.response.status_code == 422
    assert f'"type":"{said}"' in str(error)


async def test_retired_model_is_gone_from_hf_inference(simulator: Simulator, hub: AddressBook):
    url = f"{simulator.urls.huggingface_router}/hf-inference/models/{_DEV}"

    error = await _refused(url, provider="hf-inference")

    assert error.response.status_code == 410
    assert "deprecated and no longer supported by provider hf-inference" in str(error)


async def test_unknown_model_is_a_repository_that_is_not_there(simulator: Simulator, hub: AddressBook):
    error = await _refused("no/body")

    assert type(error) is RepositoryNotFoundError
    assert (error.repo_type, error.repo_id) == ("model", "no/body")


@pytest.mark.parametrize("scenario", [Scenario(faces=False, keys={"huggingface": (KEYS.hugging_face,)})])
async def test_wrong_token_is_refused_by_the_router(simulator: Simulator, hub: AddressBook):
    error = await _refused(key="hf_somebody_else")

    assert (error.response.status_code, error.server_message) == (401, "Invalid username or password.")


@pytest.mark.parametrize("scenario", [Scenario(faces=False, credit_usd={"huggingface": 0.01})])
async def test_spent_credit_is_payment_required(simulator: Simulator, hub: AddressBook):
    error = await _refused()

    assert error.response.status_code == 402
    assert "depleted your monthly included credits" in str(error)
