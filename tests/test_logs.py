"""Lines for people, for machines and for the journal; never a secret."""

import json
import logging

import pytest
import structlog

from retrato import logs


@pytest.fixture
def lines(tmp_path, monkeypatch):
    """Log with *log_format* into a file, which may be the journal's; returns the lines."""
    before, handlers, level = structlog.get_config(), logging.getLogger().handlers, logging.getLogger().level
    path = tmp_path / "log"

    def write(speak, *, log_format="auto", in_journal):
        with path.open("w") as stream:
            status = path.stat()
            monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + (not in_journal)}")
            logs.configure(log_format=log_format, level="debug", secrets=["a-long-secret"], stream=stream)
            speak(structlog.get_logger())
        return path.read_text().splitlines()

    yield write
    structlog.configure(**before)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def test_journal_gets_priorities_and_no_second_clock(lines):
    def speak(log):
        log.debug("step.made")
        log.info("avatar.finished", took_s=1.5)
        log.warning("leg.closed")
        log.error("avatar.failed", key="a-long-secret")

    told = lines(speak, in_journal=True)

    assert [line[:3] for line in told] == ["<7>", "<6>", "<4>", "<3>"]
    assert told[1].removeprefix("<6>").split() == ["[info", "]", "avatar.finished", "took_s=1.5"]
    assert "[secret]" in told[3]


def test_every_line_of_a_traceback_has_its_priority(lines):
    def speak(log):
        try:
            int("broken")
        except ValueError:
            log.exception("job.broken")

    told = lines(speak, in_journal=True)

    assert len(told) > 3
    assert {line[:3] for line in told} == {"<3>"}
    assert told[-1].startswith("<3>ValueError: invalid literal")


def test_json_in_the_journal_keeps_its_time(lines):
    [told] = lines(lambda log: log.info("avatar.finished"), log_format="json", in_journal=True)

    assert told.startswith("<6>{")
    assert json.loads(told.removeprefix("<6>")).keys() == {"event", "level", "timestamp"}


def test_elsewhere_auto_is_json_without_a_priority(lines):
    [told] = lines(lambda log: log.info("avatar.finished"), in_journal=False)

    assert json.loads(told)["event"] == "avatar.finished"


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "disk full"), ValueError("closed")])
def test_line_that_cannot_be_written_ends_nobodys_work(error, lines):
    class Full:
        def write(self, _text):
            raise error

        flush = isatty = fileno = lambda *_: 0

    def speak(_log):
        logs.configure(log_format="json", level="info", stream=Full())
        structlog.get_logger().error("avatar.failed", exc_info=KeyError("x"))

    assert lines(speak, in_journal=False) == []
