"""
Logging with structlog: lines for people on a terminal and in the journal, JSON elsewhere, never a secret.

The event is a fixed dotted name in the past tense. What goes out last passes a filter that knows the secrets of
this process and blots them out wherever they stand, tracebacks included.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from retrato.domain.redaction import MARK, Redactor

_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):(\S+)@")
"""Up to the last @ of the word: in a password that nobody has escaped there may be others."""
_SECRET_IN_QUERY = re.compile(r"(?i)([?&](?:[\w.-]*(?:pass|pwd|secret|token|key|signature)[\w.-]*)=)([^\s\"']+)")
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""Of syslog, as systemd reads them at the beginning of a line (sd-daemon(3))."""
_BEARER = re.compile(r"(?i)\b(bearer|key)\s+[A-Za-z0-9_\-.:]{12,}")


class Blotter:
    """Removes secrets from finished lines."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._redactor = Redactor(secrets)

    def clean(self, text: str) -> str:
        """*text* without the known secrets, passwords in URLs and authorization values."""
        text = self._redactor.clean(text)
        text = _PASSWORD_IN_URL.sub(rf"\1:{MARK}@", text)
        text = _SECRET_IN_QUERY.sub(rf"\1{MARK}", text)
        return _BEARER.sub(rf"\1 {MARK}", text)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict | str) -> str:
        """As a processor of structlog's chain: the last that sees the text."""
        return self.clean(str(event))


def blotter() -> Blotter:
    """The filter with which the logs of this process were set up."""
    known = [one for one in structlog.get_config()["processors"] if isinstance(one, Blotter)]
    return known[-1] if known else Blotter(())


def is_journal(stream: TextIO) -> bool:
    """Whether *stream* goes to systemd's journal, which keeps time and priority itself."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _prioritised(_logger: WrappedLogger, method: str, event: EventDict | str) -> str:
    """Each line of the text with its priority in front, for the journal; the last processor there."""
    mark = f"<{_PRIORITIES.get(method, 6)}>"
    return "\n".join(mark + line for line in str(event).split("\n"))


def configure(*, log_format: str, level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Set logging up for the whole process; *log_format* is auto, console or json. Lines go to stderr."""
    out = stream or sys.stderr
    in_journal = is_journal(out)
    people = log_format == "console" or (log_format == "auto" and (out.isatty() or in_journal))
    shared: list[Any] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    if not (people and in_journal):
        shared.append(structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people))
    if people:
        colors = out.isatty() and "NO_COLOR" not in os.environ
        traceback = structlog.dev.rich_traceback if colors else structlog.dev.plain_traceback
        last: list[Any] = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=traceback)]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    last.append(Blotter(secrets))
    if in_journal:
        last.append(_prioritised)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(max(logging.WARNING, getattr(logging, level.upper())))


class _Lines(structlog.PrintLogger):
    """Writes lines. One that cannot be written (disk full, nobody reads the pipe any more) ends nobody's work."""

    def msg(self, message: str) -> None:
        """Write *message* if that is possible."""
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class _Bridge(logging.Handler):
    """Libraries log through the standard module: their warnings take the same way, through the same filter."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, "library.logged", logger=record.name, message=record.getMessage())
