"""
The image for real: built by buildah, run by podman without any right, on a real Postgres, with simulated
providers.

It takes minutes, root, and Debian's packages buildah, podman, runc and mmdebstrap, so it runs only when it is
asked for: ``make test-image``, RETRATO_IMAGE=1, or by naming this folder or a file in it.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.image.containers import ROOT, Container, Runner, Shown, build, podman

from retrato.embedded.sockets import free_port
from retrato.store import sample

_HERE = Path(__file__).resolve().parent
_SHOWN = pytest.StashKey[Shown]()
_TAG = "localhost/retrato:test"
_SETTINGS = ROOT / "deploy/kubernetes/base/settings.env"
_TOOLS = ("buildah", "podman", "runc", "mmdebstrap")
_SCENARIO = "latency_seconds = {default = 4}\n"
"""A picture takes four seconds: long enough to be found in hand."""


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    if os.environ.get("RETRATO_IMAGE") == "1":
        return None
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_HERE) for path in named) else True


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SHOWN] = Shown()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[_SHOWN].lines:
        terminalreporter.section("the image")
        for line in config.stash[_SHOWN].lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def shown(request: pytest.FixtureRequest) -> Shown:
    """What is printed at the end."""
    return request.config.stash[_SHOWN]


@pytest.fixture(scope="session")
def image(shown: Shown) -> Iterator[str]:
    """The tag of this checkout's image; its layers stay in build/image, so that the next time is quick."""
    missing = [name for name in _TOOLS if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        pytest.fail(f"needs root and {', '.join(_TOOLS)}; missing: {', '.join(missing) or 'root'}")
    with shown.timed("built, with the layers that earlier builds have left"):
        build(_TAG)
    package, dependencies, *_, base = (
        layer["size"] / 1e6 for layer in json.loads(podman("history", "--format", "json", _TAG)) if layer["size"]
    )
    shown.note(f"megabytes: base {base:.0f}, dependencies {dependencies:.0f}, package {package:.1f}")
    yield _TAG
    podman("image", "rm", "--force", _TAG)


@pytest.fixture
async def database(bare_dsn: str) -> str:
    """Address of a database with the sample application's tables, not migrated."""
    await sample.create_host_tables(bare_dsn)
    return bare_dsn


@pytest.fixture
def providers(image: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings that lead to `retrato simulate`, which runs from the image too."""
    simulator = Runner(image, {}, tmp_path / "simulator")
    (simulator.data / "scenario.toml").write_text(_SCENARIO)
    with simulator.running("simulate", "--port", "0", "--scenario", "scenario.toml") as container:
        lines = container.said("RETRATO_OPENAI_BASE_URL=").splitlines()
        yield dict(line.split("=", 1) for line in lines if line.startswith("RETRATO_"))


@pytest.fixture
def settings(database: str, providers: dict[str, str]) -> dict[str, str]:
    """What the Kubernetes manifests set, with pictures on a volume as in overlays/single, and ports of our own."""
    console, metrics = free_port(), free_port()
    return {
        **dict(re.findall(r"^([A-Z_]+)=(.*)$", _SETTINGS.read_text(), re.MULTILINE)),
        **providers,
        "RETRATO_STORAGE_URL": "file:///var/lib/retrato/avatars",
        "RETRATO_DATABASE_URL": database,
        "HUGGINGFACE_API_KEY": "hf_a_key_for_the_simulator",
        "RETRATO_PACE_SECONDS": "0",
        "RETRATO_CONSOLE_PORT": str(console),
        "RETRATO_METRICS_PORT": str(metrics),
        "RETRATO_PUBLIC_URL": f"http://127.0.0.1:{console}/avatars",
    }


@pytest.fixture
def runner(image: str, settings: dict[str, str], tmp_path: Path) -> Runner:
    """Runs commands of the image; the database is migrated by one of them."""
    runner = Runner(image, settings, tmp_path / "daemon")
    runner.once("migrate")
    return runner


@pytest.fixture
def daemon(runner: Runner, settings: dict[str, str], shown: Shown) -> Iterator[Container]:
    """`retrato run`, which has found its database."""
    with runner.running() as container:
        with shown.timed("from start to ready"):
            container.answer(f"http://127.0.0.1:{settings['RETRATO_METRICS_PORT']}/readyz")
        yield container
