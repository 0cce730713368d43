"""Options that several commands take, with the spelling of the script that Retrato replaces beside our own."""

from typing import Annotated

import typer

MOST_VERSIONS = 2_000_000_000
"""No number of a version is larger: the database keeps it in four bytes."""


def not_empty(name: str | None) -> str | None:
    """An empty name is most likely a variable that was not set, and no company, persona or leg."""
    if name is not None and not name.strip():
        raise typer.BadParameter("the name is empty")
    return name


EmpresaId = Annotated[
    str | None,
    typer.Option("--empresa-id", "--empresaId", callback=not_empty, help="Only this company, by id or name."),
]
PersonaId = Annotated[
    str | None,
    typer.Option("--persona-id", "--personaId", callback=not_empty, help="Only this persona, by id or name."),
]
