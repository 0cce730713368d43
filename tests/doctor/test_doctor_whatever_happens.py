"""Whatever a check meets, the doctor goes on: no traceback, a finding in its place."""

import io
import json
import sys
from dataclasses import replace

import asyncpg
import pytest
from typer.testing import CliRunner

from retrato import __main__
from retrato.app.doctor.checks import CHECKS
from retrato.app.doctor.finding import Level
from retrato.cli import app

ERRORS = [
    asyncpg.DuplicatePreparedStatementError('prepared statement "__asyncpg_stmt_1__" already exists'),
    asyncpg.InternalServerError("cache lookup failed"),
    ValueError("two\nlines"),
    OSError(24, "Too many open files"),
    ExceptionGroup("several", [KeyError("x")]),
    RecursionError(),
]


@pytest.fixture(params=ERRORS, ids=lambda error: type(error).__name__)
def error(request):
    return request.param


@pytest.mark.parametrize("name", ["settings", "paused", "listen"])
async def test_check_that_raises_is_a_finding_and_the_next_is_made(look, monkeypatch, error, name):
    async def broken(_patient):
        raise error

    monkeypatch.setitem(CHECKS, name, replace(CHECKS[name], make=broken))

    finding, other = await look(name, "clock")

    assert finding.level is Level.FAIL
    assert type(error).__name__ in finding.words
    assert str(error).split("\n")[0] in finding.words
    assert "\n" not in finding.words
    assert other.level is Level.OK


async def test_database_that_answers_nonsense_is_a_finding(look, monkeypatch, error):
    async def nonsense(*_):
        raise error

    monkeypatch.setattr("retrato.app.doctor.patient._installation", nonsense)

    database, migrated, settings = await look("database", "migrated", "unknown-names")

    assert (database.level, migrated.level, settings.level) == (Level.FAIL, Level.SKIP, Level.OK)
    assert type(error).__name__ in database.words


async def test_database_that_cannot_be_closed_costs_no_finding(look, monkeypatch, error):
    async def broken(_self):
        raise error

    monkeypatch.setattr("retrato.app.doctor.patient.Database.close", broken)

    [finding] = await look("clock")

    assert finding.level is Level.OK


def test_json_is_whole_when_a_check_raises(dsn, monkeypatch, tmp_path, error):
    async def broken(_patient):
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRATO_DATABASE_URL", dsn)
    monkeypatch.setitem(CHECKS, "listen", replace(CHECKS["listen"], make=broken))

    done = CliRunner().invoke(app, ["doctor", "listen", "clock", "--json"])

    told = json.loads(done.stdout)
    assert (done.exit_code, told["ready"]) == (1, False)
    assert [one["level"] for one in told["findings"]] == ["fail", "ok"]
    assert "Traceback" not in done.output


def test_terminal_that_lacks_a_letter_ends_no_command(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    monkeypatch.setattr("retrato.cli.app", lambda: sys.stdout.write("→ set it\n"))

    __main__.main()

    sys.stdout.flush()
    assert out.getvalue() == b"\\u2192 set it\n"
