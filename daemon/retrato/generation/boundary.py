"""The boundary of one call: a bug of ours ends as a fault of that call, and the chain goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from retrato.domain.errors import ProviderError, RetratoError
from retrato.metrics.metrics import Metrics

log = structlog.get_logger()


@contextmanager
def unforeseen(leg: str, metrics: Metrics, *, becomes: Callable[[str], ProviderError]) -> Iterator[None]:
    """
    Let nothing out but our own errors.

    Whatever else is raised in the block is logged with its traceback, counted, and raised as what *becomes* makes
    of the message.
    """
    try:
        yield
    except RetratoError:
        raise
    except Exception as exc:
        log.error("attempt.broken", leg=leg, exc_info=exc)  # noqa: TRY400 - the same, as a value
        metrics.jobs.fault("unexpected")
        raise becomes(f"{leg}: {type(exc).__name__}, which nobody foresaw") from exc
