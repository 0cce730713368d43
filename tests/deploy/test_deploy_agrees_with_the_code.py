"""Image and unit name the settings and times that the code has; the manifests: test_manifests.py."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.tools import needs

from retrato import notify
from retrato.app import daemon
from retrato.services import reporter
from retrato.settings import Settings, unknown_variables

ROOT = Path(__file__).parents[2]
CONNECT_S = 10
"""How long one try to connect to the database may take (store/database.py)."""
SECONDS_TO_STOP = Settings.model_fields["grace_seconds"].default + daemon._STOP_MARGIN_S
SECRETS = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)} - {
    "openai_options"
}
LARGEST_EXPOSURE = 1.2
"""Of 10, as ``systemd-analyze security`` rates it."""
UID = 10001
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text()


def _dockerfile():
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def _unit(key, *, unit="retrato"):
    text = (ROOT / f"deploy/systemd/{unit}.service").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def test_unit_leaves_time_for_the_daemons_signs_of_life():
    [start_s], [stop_s], [silence_s] = map(_unit, ("TimeoutStartSec", "TimeoutStopSec", "WatchdogSec"))

    assert float(silence_s) >= 2 * reporter._EVERY_S
    assert float(stop_s) >= 2 * reporter._EVERY_S  # from then on the daemon asks for more
    assert float(start_s) > CONNECT_S  # then the daemon asks for more
    assert max(daemon._STOP_MARGIN_S, 2 * reporter._EVERY_S) < notify._EXTENSION_USEC / 1e6


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
    credentials = dict(line.split(":") for line in _unit("LoadCredential"))

    assert credentials == {name: f"retrato.{name}" for name in SECRETS}


def test_collecting_sees_and_may_do_what_the_daemon_does():
    service = (ROOT / "deploy/systemd/retrato.service").read_text()
    collector = (ROOT / "deploy/systemd/retrato-gc.service").read_text()
    life = {
        *("Type", "ExecStart", "ExecReload", "NotifyAccess", "WatchdogSec", "TimeoutStartSec", "TimeoutStopSec"),
        *("KillMode", "Restart", "RestartSec", "RestartPreventExitStatus", "SyslogIdentifier", "User"),
    }

    ours, theirs = (
        [line for line in _service_section(unit) if line.partition("=")[0] not in life]
        for unit in (service, collector)
    )

    assert ours == theirs
    assert _unit("User", unit="retrato-gc") == ["retrato"]  # as the unit of that name is called by itself


def _service_section(unit):
    section = unit.partition("[Service]\n")[2].partition("\n[")[0]
    return [line for line in section.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["retrato.service", "retrato-gc.service"])
def test_sandbox_of_the_unit_leaves_little_open(name):
    analyze = needs("systemd-analyze", untested="the unit's sandbox")
    unit = ROOT / "deploy/systemd" / name
    rated = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )

    [exposure] = re.findall(rf"Overall exposure level for {name}: ([0-9.]+)", rated.stdout)
    assert float(exposure) <= LARGEST_EXPOSURE
