"""``retrato`` and ``python -m retrato``."""

import io
import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line. The imports take half a second, in which Ctrl-C is no error either."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter ends no command
    try:
        from retrato.cli import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
