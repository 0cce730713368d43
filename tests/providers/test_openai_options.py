"""RETRATO_OPENAI_OPTIONS, and which preset a host name selects."""

import pytest

from retrato.domain.errors import ConfigError
from retrato.providers.config import ProvidersConfig
from retrato.providers.openai_options import PRESETS, is_hosted, options_for, server_at


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://api.together.xyz/v1", "together"),
        ("https://api.x.ai/v1", "xai"),
        ("https://notx.ai/v1", "compatible"),
        ("https://openai.com.evil.test/v1", "compatible"),
        ("http://local-ai:8080/v1", "localai"),
        ("http://10.0.0.7:8000/v1", "compatible"),
    ],
)
def test_host_name_selects_the_preset(base_url: str, server: str):
    assert server_at(base_url) == server


def test_only_servers_of_ones_own_may_go_without_a_key():
    assert is_hosted("https://api.openai.com/v1")
    assert not is_hosted("http://localai:8080/v1")
    assert not is_hosted("http://127.0.0.1:30000/v1")


@pytest.mark.parametrize("model", ["gpt-image-2", "openai/gpt-image-1.5", "chatgpt-image-latest"])
def test_gpt_image_behind_a_gateway_is_asked_as_openai_asks_it(model: str):
    assert options_for("compatible", model) == PRESETS["openai"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON object"),
        ("[1]", "is no JSON object"),
        ('"size"', "is no JSON object"),
        ('{"send_size": "huge"}', "send_size"),
        ('{"sizes": ["big"]}', "sizes"),
        ('{"sizes": ["1x0"]}', "sizes"),
        ('{"price_usd": Infinity}', "price_usd"),
        ('{"seed": "seed"}', "seed_field"),
        ('{"price_usd": -1}', "price_usd"),
        ('{"extra_body": 3}', "extra_body"),
        ('{"extra_headers": {"api-key": "a\\r\\nb"}}', "extra_headers"),
        ('{"extra_headers": {"api key": "a"}}', "extra_headers"),
        ('{"extra_headers": {"api-key": 7}}', "extra_headers"),
    ],
)
def test_wrong_options_are_told_with_the_switch(text: str, said: str):
    with pytest.raises(ConfigError, match="RETRATO_OPENAI_OPTIONS") as caught:
        ProvidersConfig(openai_options=text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"extra_headers": {"api-key": "sk-Canary"}, "oops": 1}',
        '{"extra_headers": {"api-key": "sk-Canary\\n"}}',
        '{"extra_headers": {"api-key": ["sk-Canary"]}}',
        '{"extra_headers": {"api-key": "sk-Canary"',
        '"sk-Canary"',
    ],
)
def test_values_never_show_in_what_is_wrong_with_them(text: str):
    with pytest.raises(ConfigError) as caught:
        ProvidersConfig(openai_options=text)

    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "Canary" not in repr(ProvidersConfig(openai_options=None))


def test_options_stay_out_of_the_configs_text():
    config = ProvidersConfig(openai_options='{"extra_headers": {"api-key": "sk-Canary"}}')

    assert "Canary" not in repr(config)
