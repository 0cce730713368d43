"""Signals as events: the first SIGTERM or SIGINT asks to stop, the second to hurry; SIGHUP asks to reload."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger()

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signals(stop: asyncio.Event, hurry: asyncio.Event) -> Iterator[None]:
    """Set *stop* at the first signal and *hurry* at the second, for the length of the block."""
    loop = asyncio.get_running_loop()

    def on_signal(name: str) -> None:
        if stop.is_set():
            log.info("daemon.hurried", signal=name)
            hurry.set()
        else:
            log.info("daemon.stopping", signal=name, hint="once more to hand the work back at once")
            stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number.name)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def reload_on_signal(asked: asyncio.Event) -> Iterator[None]:
    """Set *asked* at each SIGHUP, for the length of the block; on a terminal SIGHUP means that it is gone."""
    if sys.stderr.isatty():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
