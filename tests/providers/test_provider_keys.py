"""A provider without its key: an error where somebody named it, left out aloud where it is only the default."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from retrato.app.providers import open_providers, providers_config
from retrato.domain.errors import ConfigError
from retrato.providers.config import ProvidersConfig
from retrato.providers.registry import BUILDERS, catalogue, usable
from retrato.settings import load


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for name in ("HUGGINGFACE_API_KEY", "HF_TOKEN", "POLLINATIONS_API_KEY", "FAL_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"RETRATO_{name}", raising=False)


@pytest.mark.parametrize(
    ("name", "setting"),
    [("huggingface", "HUGGINGFACE_API_KEY"), ("fal", "FAL_KEY"), ("openai", "OPENAI_API_KEY")],
)
def test_provider_that_was_named_without_its_key_is_an_error_that_names_the_setting(name: str, setting: str):
    with pytest.raises(ConfigError, match=rf"RETRATO_PROVIDERS names {name}.*{setting}"):
        usable(ProvidersConfig(providers=(name, "pollinations")), named=True)


@pytest.mark.parametrize("name", ["huggingface", "fal", "openai"])
def test_provider_of_the_default_order_without_its_key_is_left_out(name: str):
    config = usable(ProvidersConfig(providers=(name, "pollinations")), named=False)

    assert config.providers == ("pollinations",)


async def test_who_is_left_out_is_told_once_when_the_providers_are_opened():
    settings = load()
    with capture_logs() as logs:
        catalogue(providers_config(settings))
        async with open_providers(settings) as offered:
            catalogue(providers_config(settings))

    assert [provider.name for provider in offered] == ["pollinations"]
    assert [(entry["event"], entry["provider"], entry["log_level"]) for entry in logs] == [
        ("provider.left_out", "huggingface", "warning")
    ]
    assert "HUGGINGFACE_API_KEY" in logs[0]["remedy"]


def test_pollinations_and_servers_of_ones_own_need_no_key():
    config = ProvidersConfig(providers=("pollinations", "openai"), openai_base_url="http://gpu:8000/v1")

    assert usable(config, named=True).providers == ("pollinations", "openai")


def test_every_provider_says_which_key_is_its():
    assert {name: entry.key for name, entry in BUILDERS.items()} == {
        name: f"{name}_key" for name in ("huggingface", "pollinations", "fal", "openai")
    }


@pytest.mark.parametrize("variable", ["FAL_KEY", "RETRATO_FAL_KEY"])
def test_keys_are_read_under_both_names(monkeypatch: pytest.MonkeyPatch, variable: str):
    monkeypatch.setenv(variable, "id:secret")
    monkeypatch.setenv("RETRATO_PROVIDERS", "fal")

    config = providers_config(load())

    assert (config.providers, config.fal_key) == (("fal",), "id:secret")


def test_settings_reach_the_providers(monkeypatch: pytest.MonkeyPatch):
    given = {
        "HUGGINGFACE_MODEL": "o/m",
        "HUGGINGFACE_ENDPOINT_URL": "http://endpoint.test",
        "HUGGINGFACE_ENDPOINT_NAME": "vc-flux-*",
        "HUGGINGFACE_ENDPOINTS_API_URL": "http://endpoints.test",
        "HUGGINGFACE_NAMESPACE": "acme",
        "HUGGINGFACE_BILL_TO": "acme-pays",
        "FAL_MODEL": "fal-ai/flux/schnell",
        "FAL_QUEUE_URL": "http://queue.test",
        "FAL_RUN_URL": "http://run.test",
        "OPENAI_MODEL": "mine",
        "OPENAI_BASE_URL": "http://gpu:8000/v1",
        "OPENAI_OPTIONS": '{"price_usd": 0}',
    }
    for name, value in given.items():
        monkeypatch.setenv(f"RETRATO_{name}", value)

    config = providers_config(load())

    assert {name: getattr(config, name.lower()) for name in given} == given


def test_options_are_a_secret_because_headers_may_be(monkeypatch: pytest.MonkeyPatch):
    text = '{"extra_headers": {"api-key": "canary"}}'
    monkeypatch.setenv("RETRATO_OPENAI_OPTIONS", text)

    settings = load()

    assert text in settings.secrets()
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("RETRATO_OPENAI_OPTIONS", "{"), ("RETRATO_FAL_QUEUE_URL", "queue"), ("RETRATO_OPENAI_BASE_URL", "x")],
)
def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str):
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError, match=variable):
        providers_config(load())
