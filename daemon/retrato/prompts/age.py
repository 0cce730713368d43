"""How old a persona is. Always an adult: personas have jobs, and rows have mistakes."""

from retrato.domain.persona import Persona
from retrato.prompts.dice import Dice
from retrato.prompts.told import told_age

YOUNGEST, OLDEST = 18, 80
_OLDEST_BY_EXPERIENCE = 65
_AT_FIRST_JOB = range(22, 31)
_UNSAID = range(28, 36)
"""What the host itself takes where it knows nothing."""


def age_of(persona: Persona) -> int:
    """
    Years, 18 to 80: the row's, else its texts', else by experience, else 28 to 35; drawn once per persona.

    Experience begins at 22 to 30 years, and no guess goes beyond 65.
    """
    said = persona.age if persona.age is not None and persona.age > 0 else told_age(persona)
    if said:
        return min(max(said, YOUNGEST), OLDEST)
    dice = Dice(persona.id)
    if persona.experience_years is not None:
        started = dice.choose("first job", _AT_FIRST_JOB)
        return min(max(persona.experience_years, 0) + started, _OLDEST_BY_EXPERIENCE)
    return dice.choose("age", _UNSAID)
