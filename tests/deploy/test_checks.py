"""The checks of image and manifests find what they are there for, and say what they could not check."""

import itertools

import pytest
import yaml
from deploy.checks import check

KEDA = "keda-monitored.yaml"


@pytest.fixture
def changed(built, tmp_path):
    """Build an overlay anew with something put into the place of something else; returns its folder."""

    def change(old: str, new: str):
        text = (built / KEDA).read_text()
        assert text.count(old) >= 1
        (tmp_path / KEDA).write_text(text.replace(old, new))
        return tmp_path

    return change


def held(against, folder):
    """What the check finds, in words; skips where its tool is missing."""
    try:
        against(folder)
    except check.WrongError as exc:
        return str(exc)
    except check.ToolMissingError as exc:
        pytest.skip(f"NOT TESTED: {exc} is missing (make .venv-deploy)")
    return ""


@pytest.mark.parametrize(
    ("against", "old", "new"),
    [
        (check.hold_against_schemas, "failureThreshold: 60", "failureTreshold: 60"),
        (check.hold_against_schemas, "maxUnavailable: 1", "maxUnavailable: [1]"),
        (check.hold_against_models, "stabilizationWindowSeconds", "stabilisationWindowSeconds"),
        (check.hold_against_models, 'targetQueryValue: "20"', "targetQueryValue: 20"),
        (check.hold_against_models, "interval: 30s", "interval: thirty"),
        (check.hold_against_models, "kind: TriggerAuthentication", "kind: TriggerAuthorisation"),
        (check.hold_against_policies, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
        (check.hold_against_policies, "runAsUser: 10001", "runAsUser: 0"),
    ],
)
def test_mistake_is_found(changed, against, old, new):
    assert held(against, changed(old, new))


def test_missing_tools_are_named_and_fail_only_where_they_must_be_there(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check, "TOOLS", tmp_path)
    monkeypatch.delenv("CHECKS_NEED_ALL", raising=False)
    alone = check.main()
    said = capsys.readouterr()
    monkeypatch.setenv("CHECKS_NEED_ALL", "1")

    assert (alone, check.main()) == (0, 1)
    assert "NOT CHECKED, hadolint IS MISSING: lint_dockerfile" in said.err
    assert "not all was checked" in said.out


def test_every_decision_against_a_policy_is_explained():
    lines = (check.HERE / "checkov.yaml").read_text().splitlines()
    skipped = yaml.safe_load("\n".join(lines))["skip-check"]

    unexplained = [line for above, line in itertools.pairwise(lines) if "- CKV" in line and "#" not in above]
    assert unexplained == []
    assert len(skipped) == len(set(skipped))
