"""
The prompt for one persona, in the shape that FLUX.1 understands best.

English sentences, the subject first, 55 to 75 words, everything said positively: the model takes no negative
prompts, and "without glasses" puts glasses on. Gender and age are always said, because a role alone brings
the training data's prejudice along.
"""

from retrato.domain.persona import Persona
from retrato.prompts.clean import line
from retrato.prompts.scene import scene_for
from retrato.prompts.translate import nationality_in_english, noun_for, role_in_english

MAX_CHARS = 1500
MAX_WORDS = 350
"""FLUX.1 [schnell] reads 256 tokens, [dev] 512; a longer prompt is cut by the model."""

_DEFAULT_AGE = 32
_AGE_AT_FIRST_JOB = 25
_YOUNGEST, _OLDEST = 18, 80
_OLDEST_BY_EXPERIENCE = 65


def compose(persona: Persona) -> str:
    """
    The prompt that draws *persona*: its ready prompt where it has one, else one made from its fields.

    Never empty, one line, at most 1500 characters and 350 words, whatever the host's text holds. The same
    persona gives the same prompt.
    """
    ready = line(persona.ready_prompt, chars=MAX_CHARS, words=MAX_WORDS)
    return ready or _from_fields(persona)


def _from_fields(persona: Persona) -> str:
    scene = scene_for(persona.id)
    return (
        f"Head-and-shoulders portrait photograph of {_subject(persona)}. "
        "Natural skin texture with visible pores and fine lines, slightly asymmetrical features, "
        "a few stray hairs. "
        f"{scene.expression}, looking at the camera, wearing {scene.attire}. "
        f"{scene.background}, {scene.light}, 85mm lens at f/2.8, true-to-life colours."
    )


def _subject(persona: Persona) -> str:
    """Such as *a 34-year-old Brazilian woman, senior data analyst*."""
    age = _age(persona)
    words = [
        "an" if age == _YOUNGEST or str(age).startswith("8") else "a",
        f"{age}-year-old",
        nationality_in_english(persona.nationality),
        noun_for(persona.gender),
    ]
    who = " ".join(word for word in words if word)
    if role := role_in_english(persona.role):
        return f"{who}, {role}"
    if field := role_in_english(persona.specialty) or role_in_english(persona.department):
        return f"{who}, working in {field}"
    return who


def _age(persona: Persona) -> int:
    """Years: always an adult's, since personas have jobs and rows have mistakes."""
    if persona.age is not None and persona.age > 0:
        return min(max(persona.age, _YOUNGEST), _OLDEST)
    if persona.experience_years is not None:
        years = max(persona.experience_years, 0)
        return min(years + _AGE_AT_FIRST_JOB, _OLDEST_BY_EXPERIENCE)
    return _DEFAULT_AGE
