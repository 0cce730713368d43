"""
Hold the image's recipe and the Kubernetes manifests against the tools that operators hold them against.

Run by ``make check``. Every overlay is built by kubectl's kustomize, once as it is and once with the PodMonitor.
What comes out is held against the schemas of the oldest and the newest Kubernetes, the models of KEDA's and the
Prometheus operator's resources, and checkov's policies; the Dockerfile against hadolint and checkov; the scripts
against ShellCheck.

The tools are in ``.venv-deploy`` (``make .venv-deploy``). One that is missing is named, and what it would have
checked is left out; with CHECKS_NEED_ALL=1, which CI sets once it has installed them, that is a failure.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy/checks"
TOOLS = ROOT / ".venv-deploy"

OVERLAYS = ("single", "replicated", "keda")
SECRETS = ("deploy/kubernetes/secret.example.yaml", "deploy/kubernetes/overlays/keda/secret.example.yaml")
OLDEST, NEWEST = "1.27", "1.37"
"""Kubernetes releases: 1.27 is the first with ``unhealthyPodEvictionPolicy`` switched on."""
MODELS = {
    "ScaledObject": "@kubernetes-models/keda/keda.sh/v1alpha1",
    "TriggerAuthentication": "@kubernetes-models/keda/keda.sh/v1alpha1",
    "PodMonitor": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
}
"""Kinds that Kubernetes itself does not know, and the npm module that has their type and their rules."""
WITH_POD_MONITOR = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: retrato
resources: [../{overlay}]
components: [../../../monitoring]
"""


class ToolMissingError(Exception):
    """A tool is not there; the message is its name."""


class WrongError(Exception):
    """A tool has found something; the message is what it says."""


def main() -> int:
    """Run all checks; the exit code is 1 where one of them has found something."""
    wrong, missing = False, False
    with tempfile.TemporaryDirectory(prefix="retrato-check-") as folder:
        for check in CHECKS:
            try:
                check(Path(folder))
            except WrongError as exc:
                wrong = True
                print(f"{check.__name__}: {exc}", file=sys.stderr)
            except ToolMissingError as exc:
                missing = True
                print(f"NOT CHECKED, {exc} IS MISSING: {check.__name__}", file=sys.stderr)
    if not wrong:
        print(f"Image and manifests: nothing found{', but not all was checked' if missing else ''}.")
    return int(wrong or (missing and bool(os.environ.get("CHECKS_NEED_ALL"))))


def lint_dockerfile(_folder: Path) -> None:
    """Hadolint, with ShellCheck in it."""
    _run(_tool("hadolint"), ROOT / "Dockerfile")


def lint_scripts(_folder: Path) -> None:
    """ShellCheck."""
    _run(_tool("shellcheck"), "--external-sources", "--source-path=SCRIPTDIR", *ROOT.glob("deploy/**/*.sh"))


def build_overlays(folder: Path) -> None:
    """
    Leave ``<overlay>.yaml`` and ``<overlay>-monitored.yaml`` in *folder*, as they would be applied.

    The latter is an overlay like one of your own: on top of ours, beside the component.
    """
    kubectl = _tool("kubectl")
    tree = shutil.copytree(ROOT / "deploy", folder / "deploy")
    for overlay in OVERLAYS:
        monitored = tree / f"kubernetes/overlays/{overlay}-monitored"
        monitored.mkdir()
        (monitored / "kustomization.yaml").write_text(WITH_POD_MONITOR.format(overlay=overlay))
        for path in (monitored.with_name(overlay), monitored):
            (folder / f"{path.name}.yaml").write_text(_run(kubectl, "kustomize", path))


def hold_against_schemas(folder: Path) -> None:
    """What Kubernetes itself knows: no field that it does not have, in its oldest and its newest release."""
    validate = _tool("kubernetes-validate")
    files = [*_built(folder), *(ROOT / secret for secret in SECRETS)]
    for release in (OLDEST, NEWEST):
        _run(validate, "--strict", "--quiet", "--no-warn", "-k", release, *files)


def hold_against_models(folder: Path) -> None:
    """
    What only operators know: TypeScript finds fields that there are not, the models' own rules find wrong values.

    kubernetes-validate passes over kinds that it does not know, and the models' rules pass over unknown fields.
    """
    modules, node = TOOLS / "node_modules", shutil.which("node")
    if node is None or not (modules / ".bin/tsc").exists():
        raise ToolMissingError("node, or what npm installs")
    for path in _built(folder):
        documents = yaml.safe_load_all(path.read_text())
        (folder / f"{path.stem}.mts").write_text("".join(_as_typescript(documents)))
    (folder / "node_modules").symlink_to(modules)
    written = sorted(folder.glob("*.mts"))
    _run(
        node,
        modules / ".bin/tsc",
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--noEmitOnError",
        *written,
    )
    for path in written:
        _run(node, path.with_suffix(".mjs"))


def hold_against_policies(folder: Path) -> None:
    """Checkov; what is left out, and why, is in ``checkov.yaml``."""
    files = [argument for path in (*_built(folder), ROOT / "Dockerfile") for argument in ("--file", path)]
    frameworks = ("--framework", "kubernetes", "dockerfile")
    _run(_tool("checkov"), "--config-file", HERE / "checkov.yaml", *files, *frameworks)


CHECKS = (
    lint_dockerfile,
    lint_scripts,
    build_overlays,
    hold_against_schemas,
    hold_against_models,
    hold_against_policies,
)
"""In this order: those that hold something against the built overlays come after they are built."""


def _as_typescript(documents: Iterable[dict[str, Any]]) -> Iterable[str]:
    for number, document in enumerate(documents):
        kind, group = document["kind"], document["apiVersion"].partition("/")[0]
        if kind in MODELS:
            yield f'import {{ {kind}, I{kind} }} from "{MODELS[kind]}/{kind}";\n'
            yield f"const one{number}: I{kind} = {json.dumps(document)};\nnew {kind}(one{number}).validate();\n"
        elif "." in group and not group.endswith(".k8s.io"):
            raise WrongError(f"nothing here knows the kind {kind} of {group}: name its model in MODELS")
    yield "export {};\n"


def _built(folder: Path) -> list[Path]:
    built = sorted(folder.glob("*.yaml"))
    if not built:
        raise ToolMissingError("kubectl")
    return built


def _tool(name: str) -> Path:
    path = TOOLS / "bin" / name
    if not path.exists():
        raise ToolMissingError(name)
    return path


def _run(*command: str | Path) -> str:
    """What *command* prints on stdout; WrongError with all that it prints where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        raise WrongError(
            f"{Path(command[0]).name} ends with {done.returncode}\n{done.stdout}{done.stderr}".rstrip()
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
