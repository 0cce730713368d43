"""
A Postgres of our own for the demo and the tests.

Only the executables come from elsewhere (a wheel or the system); the life of the server is ours. It is a
direct child of this process, ends with it however it ends, and is as closed as a real one. Who may start it is
decided by a lock that the server itself inherits (`lock.py`), never by a process id that a file once held.
"""

from retrato.embedded.binaries import Binaries, Origin, installed_binaries
from retrato.embedded.server import EmbeddedPostgres

__all__ = ["Binaries", "EmbeddedPostgres", "Origin", "installed_binaries"]
