"""
The stores that the contract is tested on.

A folder and memory always. A real S3 server joins in when it is named: RETRATO_TEST_S3_URL=s3://bucket/prefix
together with the usual AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL.
"""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

S3_URL = os.environ.get("RETRATO_TEST_S3_URL")


@pytest.fixture(params=["file", "memory", *(["s3"] if S3_URL else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    urls = {
        "file": f"file://{tmp_path}/pictures",
        "memory": "memory://",
        "s3": f"{S3_URL}/{uuid4().hex}",
    }
    return open_store(urls[request.param], public_url="/avatars", timeout_s=10)
