"""A persona as Retrato reads it from the host's tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """
    What the host's row says. Text is as the host wrote it: any language, any length, not to be trusted.

    ``age`` is in years. ``country`` is where the persona is from or lives, ``empresa_country`` where its company
    is.
    ``description`` and ``bio`` are prose about anything. ``ready_prompt`` is a prompt that the application
    wrote; it goes before our own.
    ``appearance`` is prose or JSON; ``system_prompt``, ``biometrics`` and ``physical_appearance`` are JSON as text
    where they speak of the appearance, and anything else where they do not.
    """

    id: str
    empresa_id: str
    name: str
    role: str | None = None
    department: str | None = None
    specialty: str | None = None
    gender: str | None = None
    age: int | None = None
    experience_years: int | None = None
    nationality: str | None = None
    country: str | None = None
    ethnicity: str | None = None
    appearance: str | None = None
    system_prompt: str | None = None
    biometrics: str | None = None
    physical_appearance: str | None = None
    description: str | None = None
    bio: str | None = None
    ready_prompt: str | None = None
    empresa_name: str | None = None
    industry: str | None = None
    empresa_country: str | None = None
