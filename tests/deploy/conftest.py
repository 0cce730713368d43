"""The overlays as they would be applied."""

import os
from pathlib import Path

import pytest
import yaml
from deploy.checks import check


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """The executable, as installed by ``make .venv-deploy``."""
    path = check.TOOLS / "bin/kubectl"
    if not path.exists():
        message = "MANIFESTS WERE NOT TESTED: kubectl is missing (make .venv-deploy)"
        if os.environ.get("CHECKS_NEED_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def built(kubectl, tmp_path_factory) -> Path:
    """Folder with ``<overlay>.yaml`` and ``<overlay>-monitored.yaml``."""
    folder = tmp_path_factory.mktemp("built")
    check.build_overlays(folder)
    return folder


@pytest.fixture(scope="session")
def resources(built):
    """Read an overlay: kind and name → resource."""

    def read(overlay: str) -> dict:
        documents = yaml.safe_load_all((built / f"{overlay}.yaml").read_text())
        return {(one["kind"], one["metadata"]["name"]): one for one in documents}

    return read
