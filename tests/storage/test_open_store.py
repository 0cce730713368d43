from pathlib import Path

import pytest

from retrato.domain.errors import ConfigError
from retrato.storage.location import open_store


def test_missing_folder_is_created(tmp_path: Path):
    open_store(f"file://{tmp_path}/a/b", public_url="")

    assert (tmp_path / "a" / "b").is_dir()


def test_folder_is_percent_decoded(tmp_path: Path):
    open_store(f"file://{tmp_path}/retratos%20%23%C3%A7", public_url="")

    assert (tmp_path / "retratos #ç").is_dir()


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "s3://my.bucket-1/avatars/live/"])
def test_bucket_with_and_without_prefix_is_accepted_unseen(url: str):
    assert open_store(url, public_url="https://cdn.example")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/var/lib/retrato",
        "file:pictures",
        "file://pictures",
        "file:///",
        "file:///pictures?mode=1",
        "file:///dev/null/pictures",
        "file:///a%00b",
        "gs://bucket/prefix",
        "http://[broken",
        "s3://",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a b",
        "s3:///prefix",
    ],
)
def test_url_that_names_no_store_is_a_config_error_naming_the_setting(url: str):
    with pytest.raises(ConfigError, match="RETRATO_STORAGE_URL"):
        open_store(url, public_url="")


def test_keys_in_the_url_are_refused_and_not_repeated():
    with pytest.raises(ConfigError) as caught:
        open_store("s3://AKIA:canary-secret@bucket/prefix", public_url="")

    assert "canary-secret" not in str(caught.value)
    assert "AWS_SECRET_ACCESS_KEY" in str(caught.value)
