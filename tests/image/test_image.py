"""What the image promises: it draws without any right, says how it is, ends in peace, is quickly built anew."""

import hashlib
import json
import shutil

import asyncpg
import pytest
from tests.image.containers import ROOT, UID, Runner, build, podman

from retrato.store import sample
from retrato.version import VERSION

pytestmark = pytest.mark.timeout(600)
READY = "select avatar_image_url from personas where avatar_image_url is not null"
SAY_CHANGED = "from retrato.version import CHANGED; print(CHANGED)"
IN_HAND = "select count(*) from retrato.attempts where state = 'sending'"


@pytest.fixture
async def application(database):
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def until(connection, question):
    """The answer to *question* as soon as it is something."""
    while not (answer := await connection.fetchval(question)):
        await connection.execute("select pg_sleep(0.1)")
    return answer


async def test_persona_that_is_inserted_gets_an_avatar_that_is_served(daemon, database, application, shown):
    with shown.timed("from insert to the avatar in the row, 4 s of it the provider's"):
        await sample.insert_company(database, personas=1)
        url = await until(application, READY)

    picture = daemon.answer(url)

    assert hashlib.sha256(picture).hexdigest() == await application.fetchval("select sha256 from retrato.avatars")
    assert picture.startswith(b"\xff\xd8\xff")
    shown.note(f"the address in the row answers with a JPEG of {len(picture) / 1e3:.0f} KB")


def test_daemon_has_no_rights_and_can_write_to_its_data_alone(daemon):
    status = daemon.inside("grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/1/status").split()
    writable = daemon.inside("find / -xdev -type d -writable 2> /dev/null; true").split()

    assert status == [
        *("Uid:", *[str(UID)] * 4),
        *("CapEff:", "0" * 16, "CapBnd:", "0" * 16),
        *("NoNewPrivs:", "1"),
    ]
    assert sorted(writable) == ["/tmp", "/var/lib/retrato"]  # noqa: S108


def test_health_check_tells_alive_from_dead(daemon, settings):
    metrics = daemon.answer(f"http://127.0.0.1:{settings['RETRATO_METRICS_PORT']}/metrics")
    alive = daemon.is_healthy()
    podman("kill", "--signal=STOP", daemon.name)
    stopped = daemon.is_healthy()
    podman("kill", "--signal=CONT", daemon.name)

    assert (alive, stopped, daemon.is_healthy()) == (True, False, True)
    assert b"retrato_build_info" in metrics


async def test_stop_finishes_what_is_in_hand_and_ends_with_0(daemon, database, application, shown):
    await sample.insert_company(database, personas=3)
    await until(application, IN_HAND)

    with shown.timed("from SIGTERM to the end, with pictures in hand"):
        code = daemon.stop()

    assert code == 0
    assert await application.fetchval(IN_HAND) == 0
    assert await application.fetchval("select count(*) from retrato.jobs where state = 'running'") == 0
    assert await application.fetchval("select count(*) from retrato.avatars") >= 1
    assert '"event": "daemon.stopped"' in daemon.said("daemon.stopped")


def test_change_of_the_source_leaves_base_and_dependencies_as_they_are(image, tmp_path, shown):
    before = layers(image)
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE", "requirements"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, tmp_path / name)
    for name in ("sql", "daemon"):
        shutil.copytree(ROOT / name, tmp_path / name)
    with (tmp_path / "daemon/retrato/version.py").open("a") as changed:
        changed.write("\nCHANGED = True\n")

    with shown.timed("built anew after a change of the source alone"):
        build(f"{image}-changed", tmp_path)

    after = layers(f"{image}-changed")
    code = Runner(f"{image}-changed", {}, tmp_path / "run").once("python", "-c", SAY_CHANGED, entrypoint="")
    podman("image", "rm", f"{image}-changed")
    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]
    assert code == "True\n"


def test_labels_tell_what_it_is(image):
    labels = json.loads(podman("image", "inspect", "--format", "{{json .Labels}}", image))

    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.title"] == "retrato"
    assert len(labels["org.opencontainers.image.revision"]) == 40


def layers(tag):
    """The digests of its layers, the base first."""
    return json.loads(podman("image", "inspect", "--format", "{{json .RootFS.Layers}}", tag))
