"""Accounts are told apart by a fingerprint that tells nothing of their keys."""

from dataclasses import replace

import pytest

from retrato.providers.config import ProvidersConfig
from retrato.providers.fingerprints import fingerprints

SALT = "9f0d6c0e-6e0c-4f62-8c54-0d9b4a6c6f11"
CONFIG = ProvidersConfig(
    providers=("huggingface", "fal", "openai", "pollinations"),
    huggingface_key="hf_right",
    fal_key="id:secret",
    openai_key="sk-right",
    pollinations_key="sk_right",
)


@pytest.fixture(scope="module")
def known():
    return fingerprints(CONFIG, salt=SALT)


def test_fingerprint_is_short_and_holds_no_part_of_a_key(known):
    for fingerprint in known.values():
        assert len(fingerprint) == 16
        int(fingerprint, 16)
    assert len(set(known.values())) == 4


def test_same_settings_have_the_same_fingerprint_in_every_replica(known):
    assert fingerprints(replace(CONFIG), salt=SALT) == known


def test_other_installations_know_other_fingerprints(known):
    assert not set(known.values()) & set(fingerprints(CONFIG, salt="another").values())


@pytest.mark.parametrize(
    ("provider", "change"),
    [
        ("huggingface", {"huggingface_key": "hf_other"}),
        ("huggingface", {"huggingface_bill_to": "my-organisation"}),
        ("huggingface", {"huggingface_router_url": "http://127.0.0.1:1"}),
        ("huggingface", {"huggingface_endpoint_url": "http://127.0.0.1:1"}),
        ("huggingface", {"huggingface_model": "black-forest-labs/FLUX.1-schnell"}),
        ("fal", {"fal_key": "id:other"}),
        ("fal", {"fal_queue_url": "http://127.0.0.1:1"}),
        ("openai", {"openai_base_url": "http://127.0.0.1:1"}),
        ("openai", {"openai_options": '{"extra_headers": {"api-key": "other"}}'}),
        ("pollinations", {"pollinations_key": None}),
    ],
)
def test_whatever_a_person_changes_for_a_provider_is_another_account_of_it_alone(known, provider, change):
    changed = fingerprints(replace(CONFIG, **change), salt=SALT)

    assert [name for name in known if changed[name] != known[name]] == [provider]
