"""What a test lacks is said aloud, and fails where it was promised."""

import re
from pathlib import Path

import pytest
from tests import tools

CI = (Path(__file__).parents[1] / ".ci/run").read_text()


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(tools, "_PATH", "")
    monkeypatch.delenv("RETRATO_TESTS_NEED", raising=False)


@pytest.mark.usefixtures("nothing_installed")
def test_missing_program_skips_and_says_what_went_untested():
    with pytest.raises(pytest.skip.Exception, match=r"NOT TESTED: alerts; promtool is missing .*prometheus"):
        tools.needs("promtool", untested="alerts")


@pytest.mark.usefixtures("nothing_installed")
def test_missing_program_fails_where_it_was_promised(monkeypatch):
    monkeypatch.setenv("RETRATO_TESTS_NEED", "chromium,promtool")

    with pytest.raises(pytest.fail.Exception, match="NOT TESTED: alerts"):
        tools.needs("promtool", untested="alerts")


def test_continuous_integration_promises_only_programs_that_tests_know():
    promised = re.findall(r"^    install ([\w.-]+) ([\w.-]+)$", CI, re.MULTILINE)

    assert promised
    assert {program: package for package, program in promised}.items() <= tools.PACKAGES.items()
