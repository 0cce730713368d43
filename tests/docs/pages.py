"""The project's pages, and what can be tried of them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of *page* in *language*, in order."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)


def lines_of_code(page: str, language: str) -> list[str]:
    """The lines of these blocks, without comments and empty ones."""
    lines = [line.partition(" #")[0].strip() for block in blocks(page, language) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def section(page: str, heading: str) -> str:
    """What stands below the heading, up to the next one of its level or higher."""
    level, _, _ = heading.partition(" ")
    _, _, rest = page.partition(f"\n{heading}\n")
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
