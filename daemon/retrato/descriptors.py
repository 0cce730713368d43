"""File descriptors: how many this process may have, and whether it has run out of them."""

import os
import resource
from errno import EMFILE, ENFILE

_NONE_FREE = (EMFILE, ENFILE)


def most_descriptors() -> int:
    """How many this process may have open at once (RLIMIT_NOFILE)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1_000_000


def has_no_descriptor(error: OSError | None = None) -> bool:
    """
    Whether *error*, or what can be seen now, says that this process or this machine has no free descriptor.

    A lookup of a name fails then with a word of its own (EAI_AGAIN, EAI_SYSTEM), so the system is asked too.
    Several addresses that fail at once are one error without a number, whose text repeats theirs.
    """
    if error is not None and (
        error.errno in _NONE_FREE or any(os.strerror(no) in str(error) for no in _NONE_FREE)
    ):
        return True
    try:
        os.close(os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC))
    except OSError as exc:
        return exc.errno in _NONE_FREE
    return False
