"""Image and unit name the settings and times that the code has; the manifests: test_manifests.py."""

import re
from pathlib import Path

from retrato.app import daemon
from retrato.settings import Settings, unknown_variables

ROOT = Path(__file__).parents[2]
SECONDS_TO_STOP = Settings.model_fields["grace_seconds"].default + daemon._STOP_MARGIN_S
UID = 10001
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text()


def _dockerfile():
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def _unit(key):
    text = (ROOT / "deploy/systemd/retrato.service").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def test_unit_kills_nobody_within_the_grace_time():
    [unit_s] = _unit("TimeoutStopSec")

    assert float(unit_s) > SECONDS_TO_STOP


def test_image_runs_the_daemon_as_an_ordinary_user():
    image = _dockerfile()

    assert f"USER {UID}:{UID}\n" in image
    assert 'ENTRYPOINT ["retrato"]\nCMD ["run"]\n' in image
    assert 'CMD ["retrato", "healthcheck"]\n' in image


def test_container_in_the_docs_has_no_rights_and_time_to_stop():
    [command] = re.findall(r"^docker run -d (.*?)^```", DEPLOYMENT.replace("\\\n", ""), re.MULTILINE | re.DOTALL)
    [stop_s] = re.findall(r"--stop-timeout (\d+)", command)

    assert int(stop_s) > SECONDS_TO_STOP
    for option in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"):
        assert option in command


def test_image_is_built_from_what_the_context_holds():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", _dockerfile(), re.MULTILINE)

    assert {f"!{path}" for line in copied for path in line.split()} <= set(ignored)


def test_unit_does_not_restart_on_a_wrong_setting():
    assert _unit("RestartPreventExitStatus") == ["78"]


def test_unit_sets_only_settings_that_exist():
    names = [assignment.partition("=")[0] for assignment in _unit("Environment")]

    assert unknown_variables(dict.fromkeys(names, "")) == []


def test_credentials_in_the_unit_are_named_like_settings():
    names = [line.partition(":")[0] for line in _unit("#LoadCredential")]

    assert names
    assert set(names) <= set(Settings.model_fields)
