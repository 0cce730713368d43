"""``retrato`` and ``python -m retrato``."""

from retrato.cli import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
