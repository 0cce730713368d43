"""From names and plain values to providers."""

from pathlib import Path

import pytest

from retrato.domain.errors import ConfigError
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.registry import BUILDERS, build_providers, usable


async def test_providers_come_in_the_configured_order(http: Http):
    providers = build_providers(ProvidersConfig(providers=("pollinations", "huggingface")), http)

    assert [provider.name for provider in providers] == ["pollinations", "huggingface"]


async def test_hugging_face_goes_first_by_default(http: Http):
    assert [provider.name for provider in build_providers(ProvidersConfig(), http)] == [
        "huggingface",
        "pollinations",
    ]


def test_unknown_name_is_told_with_the_setting_and_the_known_names():
    with pytest.raises(ConfigError, match=r"RETRATO_PROVIDERS names 'midjourney'.*huggingface, pollinations"):
        usable(ProvidersConfig(providers=("huggingface", "midjourney")), named=True)


@pytest.mark.parametrize("names", [(), ("huggingface", "huggingface")])
def test_no_name_and_a_name_twice_are_refused(names: tuple[str, ...]):
    with pytest.raises(ConfigError, match="RETRATO_PROVIDERS"):
        usable(ProvidersConfig(providers=names), named=True)


@pytest.mark.parametrize("url", ["gen.pollinations.ai", "ftp://x", "https://", "https://x?key=1", ""])
def test_base_url_that_is_none_is_told_with_its_setting(url: str):
    with pytest.raises(ConfigError, match="RETRATO_POLLINATIONS_URL"):
        ProvidersConfig(pollinations_url=url)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("huggingface_model", "o/m?x=1"),
        ("huggingface_namespace", "a/b"),
        ("huggingface_bill_to", "acme\r\nX-Evil: 1"),
        ("fal_model", "../etc"),
        ("fal_model", ""),
        ("openai_model", "gpt image"),
    ],
)
def test_name_that_could_lead_elsewhere_is_told_with_its_setting(field: str, value: str):
    with pytest.raises(ConfigError, match=f"RETRATO_{field.upper()}"):
        ProvidersConfig(**{field: value})


def test_blank_names_are_none():
    config = ProvidersConfig(huggingface_namespace=" ", huggingface_bill_to="", huggingface_endpoint_name=" ")

    assert (config.huggingface_namespace, config.huggingface_bill_to, config.huggingface_endpoint_name) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("key", ["hf_abc def", "hf_abc\ndef", "hf_açb"])
def test_key_that_cannot_be_one_is_told_with_its_setting_and_not_shown(key: str):
    with pytest.raises(ConfigError, match="HUGGINGFACE_API_KEY") as caught:
        ProvidersConfig(huggingface_key=key)

    assert key not in str(caught.value)


def test_key_copied_with_a_line_break_at_its_end_is_taken():
    assert ProvidersConfig(huggingface_key=" hf_abc\n").huggingface_key == "hf_abc"


def test_slash_at_the_end_of_a_base_url_does_not_matter():
    assert ProvidersConfig(pollinations_url="http://sim:1/gen/").pollinations_url == "http://sim:1/gen"


def test_keys_are_not_in_the_configs_text():
    assert "hf_secret" not in repr(ProvidersConfig(huggingface_key="hf_secret"))


async def test_every_builder_makes_a_provider_of_its_name(http: Http):
    for name, build in BUILDERS.items():
        provider = build(ProvidersConfig(), http)

        assert provider.name == name
        await provider.close()


def test_only_this_package_knows_status_codes_of_http():
    package = Path(__file__).parents[2] / "daemon" / "retrato" / "generation"

    assert not [path for path in package.glob("*.py") if "HTTPStatus" in path.read_text("utf-8")]
