"""Image, unit and manifests name the settings, ports and times that the code has."""

import re
from pathlib import Path

import pytest
import yaml

from retrato.app import daemon
from retrato.settings import Settings, load, unknown_variables

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
MANIFESTS = sorted(path.name for path in KUBERNETES.glob("*.yaml"))
SECONDS_TO_STOP = Settings.model_fields["grace_seconds"].default + daemon._STOP_MARGIN_S
UID = 10001


def _manifest(name):
    return yaml.safe_load((KUBERNETES / name).read_text())


def _pod(name):
    return _manifest(name)["spec"]["template"]["spec"]


def _dockerfile():
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def _unit(key):
    text = (ROOT / "deploy/systemd/retrato.service").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def test_kustomization_lists_every_manifest_but_the_example():
    listed = _manifest("kustomization.yaml")["resources"]

    assert sorted([*listed, "kustomization.yaml", "secret.example.yaml"]) == MANIFESTS


@pytest.mark.parametrize("name", ["configmap.yaml", "secret.example.yaml"])
def test_manifests_set_only_settings_that_exist(name):
    manifest = _manifest(name)

    assert unknown_variables(manifest.get("data") or manifest["stringData"]) == []


def test_settings_of_the_manifests_are_accepted(monkeypatch):
    values = {**_manifest("configmap.yaml")["data"], **_manifest("secret.example.yaml")["stringData"]}
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    settings = load()

    assert settings.database_url is not None
    assert settings.huggingface_api_key is not None
    assert settings.pollinations_api_key is not None
    assert settings.public_url == values["RETRATO_PUBLIC_URL"]


def test_port_is_the_same_everywhere():
    port = Settings.model_fields["console_port"].default
    [container] = _pod("deployment.yaml")["containers"]
    [service] = _manifest("service.yaml")["spec"]["ports"]

    assert _manifest("configmap.yaml")["data"]["RETRATO_CONSOLE_PORT"] == str(port)
    assert container["ports"] == [{"name": service["targetPort"], "containerPort": port}]
    assert f"EXPOSE {port}\n" in _dockerfile()


def test_probes_ask_what_the_console_answers():
    [container] = _pod("deployment.yaml")["containers"]
    asked = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}

    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_nobody_is_killed_within_the_grace_time():
    pod_s = _pod("deployment.yaml")["terminationGracePeriodSeconds"]
    [unit_s] = _unit("TimeoutStopSec")

    assert float(_manifest("configmap.yaml")["data"]["RETRATO_GRACE_SECONDS"]) + daemon._STOP_MARGIN_S < pod_s
    assert float(unit_s) > SECONDS_TO_STOP


@pytest.mark.parametrize("name", ["deployment.yaml", "migrate-job.yaml"])
def test_pods_fit_the_restricted_standard(name):
    pod = _pod(name)
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == UID
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", ["deployment.yaml", "migrate-job.yaml"])
def test_no_service_variables_that_look_like_settings(name):
    assert _pod(name)["enableServiceLinks"] is False


def test_image_runs_the_daemon_as_an_ordinary_user():
    image = _dockerfile()

    assert f"USER {UID}:{UID}\n" in image
    assert 'ENTRYPOINT ["retrato"]\nCMD ["run"]\n' in image
    assert 'CMD ["retrato", "healthcheck"]\n' in image


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
