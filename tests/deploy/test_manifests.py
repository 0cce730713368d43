"""What every overlay deploys fits together, the settings, the image and the code."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy.checks.check import OVERLAYS

from retrato.app import daemon
from retrato.console import probes
from retrato.settings import load, unknown_variables
from retrato.store.rights import backlog_role_sql
from retrato.version import VERSION

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text()
UID = 10001
SECRETS = {
    one["metadata"]["name"]: one["stringData"]
    for path in KUBERNETES.rglob("secret.example.yaml")
    for one in yaml.safe_load_all(path.read_text())
}


class Installation:
    """One overlay's resources, by what they are to the daemon."""

    def __init__(self, resources: dict) -> None:
        self.by_kind = {}
        for (kind, _), one in resources.items():
            self.by_kind.setdefault(kind, []).append(one)

    def the(self, kind: str) -> dict:
        [only] = self.by_kind[kind]
        return only

    @property
    def settings(self) -> dict:
        return self.the("ConfigMap")["data"]

    @property
    def pods(self) -> dict:
        """Pod templates of daemon and migration, and of what collects pictures in a bucket."""
        templates = {kind: self.the(kind)["spec"]["template"] for kind in ("Deployment", "Job")}
        for job in self.by_kind.get("CronJob", []):
            templates["CronJob"] = job["spec"]["jobTemplate"]["spec"]["template"]
        return templates

    @property
    def daemon(self) -> dict:
        return self.pods["Deployment"]["spec"]

    @property
    def container(self) -> dict:
        [only] = self.daemon["containers"]
        return only

    @property
    def ports(self) -> dict:
        return {port["name"]: port["containerPort"] for port in self.container["ports"]}


@pytest.fixture(params=[overlay + suffix for overlay in OVERLAYS for suffix in ("", "-monitored")])
def installation(request, resources):
    return Installation(resources(request.param))


@pytest.fixture
def settings(installation, monkeypatch):
    """The settings that the daemon reads there."""
    for name, value in {**installation.settings, **SECRETS["retrato"]}.items():
        monkeypatch.setenv(name, value)
    return load()


def test_variables_are_settings_that_exist(installation):
    names = {**installation.settings, **SECRETS["retrato"], **SECRETS["retrato-owner"]}

    assert unknown_variables(names) == []


def test_settings_are_accepted_and_the_console_is_closed(installation, settings):
    assert settings.database_url is not None
    assert settings.console_token is not None
    assert settings.public_url == installation.settings["RETRATO_PUBLIC_URL"]


def test_pictures_are_collected_where_they_lie_in_a_bucket(installation, settings):
    assert ("CronJob" in installation.pods) == settings.storage_url.startswith("s3://")


def test_ports_are_those_of_the_settings(installation, settings):
    named = [port["targetPort"] for port in installation.the("Service")["spec"]["ports"]]
    named += [
        port["port"] for rule in installation.the("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]
    ]
    for monitor in installation.by_kind.get("PodMonitor", []):
        named += [endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]]

    assert installation.ports == {"http": settings.console_port, "metrics": settings.metrics_port}
    assert set(named) == {"http", "metrics"}
    assert f"EXPOSE {settings.console_port}\n" in (ROOT / "Dockerfile").read_text()


def test_probes_ask_what_is_answered_and_wait_for_the_answer(installation):
    asked = {name: probe for name, probe in installation.container.items() if name.endswith("Probe")}
    paths = {name: probe["httpGet"]["path"] for name, probe in asked.items()}

    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert set(paths.values()) == {route.path for route in probes.Probes().routes()}
    assert {probe["httpGet"]["port"] for probe in asked.values()} == {"metrics"}
    assert asked["readinessProbe"]["timeoutSeconds"] > probes._ANSWER_S


def test_nobody_is_killed_within_the_grace_time(installation, settings):
    given_s = installation.daemon["terminationGracePeriodSeconds"]

    assert settings.grace_seconds + daemon._STOP_MARGIN_S < given_s
    # The cluster autoscaler waits no longer than this (kubernetes#94435, seen 2026-11).
    assert given_s < 600


def test_pods_fit_the_restricted_standard(installation):
    assert (
        installation.the("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    )
    for pod in (template["spec"] for template in installation.pods.values()):
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["runAsGroup"] == UID
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_pods_get_no_token_and_no_variables_that_look_like_settings(installation):
    assert installation.the("ServiceAccount")["automountServiceAccountToken"] is False
    for template in installation.pods.values():
        assert template["spec"]["automountServiceAccountToken"] is False
        assert template["spec"]["enableServiceLinks"] is False


def test_what_pods_refer_to_is_there(installation):
    there = {
        installation.the("ConfigMap")["metadata"]["name"],
        *(claim["metadata"]["name"] for claim in installation.by_kind.get("PersistentVolumeClaim", [])),
        installation.the("ServiceAccount")["metadata"]["name"],
        *SECRETS,
    }

    for template in installation.pods.values():
        text = yaml.safe_dump(template["spec"])
        named = re.findall(r"Ref:\n\s+name: (\S+)|claimName: (\S+)|serviceAccountName: (\S+)", text)
        assert {name for groups in named for name in groups if name} - there == set()


def test_everything_selects_the_pods_that_it_means(installation):
    labels = installation.pods["Deployment"]["metadata"]["labels"]
    selectors = [
        installation.the("Deployment")["spec"]["selector"]["matchLabels"],
        installation.the("Service")["spec"]["selector"],
        installation.the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        installation.the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(one["labelSelector"]["matchLabels"] for one in installation.daemon["topologySpreadConstraints"]),
        *(one["spec"]["selector"]["matchLabels"] for one in installation.by_kind.get("PodMonitor", [])),
    ]

    assert [selector for selector in selectors if not selector.items() <= labels.items()] == []
    assert selectors[3].items() <= installation.pods["Job"]["metadata"]["labels"].items()
    assert not selectors[1].items() <= installation.pods["Job"]["metadata"]["labels"].items()


def test_database_is_migrated_by_the_release_that_runs(installation):
    images = {template["spec"]["containers"][0]["image"] for template in installation.pods.values()}
    *_, owners = installation.pods["Job"]["spec"]["containers"][0]["envFrom"]

    assert images == {f"retrato:{VERSION}"}
    assert owners == {"secretRef": {"name": "retrato-owner", "optional": True}}


def test_rollout_takes_no_replica_away_before_the_new_one_is_ready(installation):
    strategy = installation.the("Deployment")["spec"]["strategy"]

    if "PersistentVolumeClaim" in installation.by_kind:  # one pod at a time may have it
        assert strategy == {"type": "Recreate"}
    else:
        assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert installation.the("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(("overlay", "replicas"), [("single", 1), ("replicated", 2), ("keda", None)])
def test_replicas_are_said_by_the_overlay_unless_they_are_scaled(resources, overlay, replicas):
    deployment = resources(overlay)["Deployment", "retrato"]

    assert deployment["spec"].get("replicas") == replicas


def test_pictures_of_a_single_replica_outlive_the_pod(resources):
    single = Installation(resources("single"))
    [mount] = [one for one in single.container["volumeMounts"] if one["name"] == "pictures"]

    assert single.settings["RETRATO_STORAGE_URL"].startswith(f"file://{mount['mountPath']}/")


async def test_autoscaler_asks_what_the_database_answers(resources, connection):
    keda = resources("keda")
    [trigger] = keda["ScaledObject", "retrato"]["spec"]["triggers"]
    [key] = keda["TriggerAuthentication", trigger["authenticationRef"]["name"]]["spec"]["secretTargetRef"]

    assert await connection.fetchval(trigger["metadata"]["query"]) == 0
    assert keda["ScaledObject", "retrato"]["spec"]["minReplicaCount"] >= 1
    assert keda["ScaledObject", "retrato"]["spec"]["scaleTargetRef"]["name"] == "retrato"
    [role] = re.findall(r"^postgresql://(\w+):", SECRETS[key["name"]][key["key"]])
    assert f'grant select on retrato.backlog to "{role}";' in backlog_role_sql(role)


def test_overlay_in_the_docs_is_built(kubectl, tmp_path):
    [example] = re.findall(r"```yaml\n(# avatars/kustomization.yaml.*?)```", DEPLOYMENT, re.DOTALL)
    shutil.copytree(ROOT / "deploy", tmp_path / "retrato/deploy")
    (tmp_path / "avatars").mkdir()
    (tmp_path / "avatars/kustomization.yaml").write_text(example)

    done = subprocess.run(
        [kubectl, "kustomize", tmp_path / "avatars"], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    ours = Installation({(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)})
    assert ours.container["image"] == f"registry.example.com/retrato:{VERSION}"
    assert ours.settings["RETRATO_STORAGE_URL"] == "s3://acme-avatars"
    assert ours.the("PodMonitor")["metadata"]["namespace"] == "retrato"


def test_table_in_the_docs_has_every_overlay(resources):
    documented = dict(re.findall(r"^\| \[`(\w+)`\]\(\S+\) \| ([\w ]+) \|", DEPLOYMENT, re.MULTILINE))
    scaled = resources("keda")["ScaledObject", "retrato"]["spec"]

    assert documented == {
        "single": "1",
        "replicated": "2",
        "keda": f"{scaled['minReplicaCount']} to {scaled['maxReplicaCount']}",
    }


def test_every_file_is_part_of_an_overlay_or_an_example():
    listed = {
        path.parent / name
        for path in KUBERNETES.rglob("kustomization.yaml")
        for kustomization in [yaml.safe_load(path.read_text())]
        for name in [
            *kustomization.get("resources", []),
            *(patch["path"] for patch in kustomization.get("patches", [])),
            *(name for one in kustomization.get("configMapGenerator", []) for name in one.get("envs", [])),
        ]
    }
    files = {path for path in KUBERNETES.rglob("*") if path.is_file()}

    assert {path.relative_to(KUBERNETES) for path in files - listed if path.stem != "kustomization"} == {
        Path("secret.example.yaml"),
        Path("overlays/keda/secret.example.yaml"),
    }
    assert {path.name for path in KUBERNETES.glob("overlays/*")} == set(OVERLAYS)
