"""
The prompt for one persona, in the shape that FLUX.1 understands best.

English sentences, the subject first, 55 to 75 words, everything said positively: the model takes no negative
prompts, and "without glasses" puts glasses on. Gender, age, origin and colours are always said, because a role
alone brings the training data's prejudice along, and a nationality alone says little.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from retrato.domain.look import Look
from retrato.domain.persona import Persona
from retrato.prompts.age import age_of
from retrato.prompts.anonymity import anonymous
from retrato.prompts.clean import line, phrase
from retrato.prompts.draw import draw_look
from retrato.prompts.faces import faces
from retrato.prompts.phrases import joined, with_article
from retrato.prompts.template import STANDARD, Template
from retrato.prompts.tokens import CLIP_ROOM, clip_tokens
from retrato.prompts.translate import ROLE_WORDS, role_in_english
from retrato.prompts.vocabulary import vocabulary

MAX_CHARS = 1500
MAX_WORDS = 350
"""FLUX.1 [schnell] reads 256 tokens, [dev] 512; a longer prompt is cut by the model."""

_NAME_CHARS, _NAME_WORDS = 60, 8
_GAZE = "looking at the camera with "
_ROLE_BEGINNING = 5
"""Words of a role that are kept where it is too long."""
_PARTS = ("origin", "skin", "face", "eyes", "hair", "beard", "trait", "background", "light")
_SUBJECTS = {"man": "he has", "woman": "she has"}


def compose(persona: Persona, look: Look | None = None, *, template: Template | None = None) -> str:
    """
    The prompt that draws *persona*: its ready prompt where it has one, else *look* in the words of *template*.

    Without a look the first one that is drawn for the persona. Without a template the standard wording, which
    is shortened to what CLIP reads; a company's own is filled as it is. Never empty, one line, at most 1500
    characters and 350 words, whatever the host's text holds. The same arguments give the same prompt.
    """
    ready = line(persona.ready_prompt, chars=MAX_CHARS, words=MAX_WORDS)
    if ready:
        return ready
    shown = look or draw_look(persona, attempt=0)
    persona = anonymous(persona)
    values, variants = _values(persona, shown), _variants(persona, shown, age=age_of(persona))
    prompt = template.fill(values | next(variants)) if template else _longest_that_fits(values, variants)
    return line(prompt, chars=MAX_CHARS, words=MAX_WORDS)


def read_all() -> None:
    """Read all words now: the first persona is not the one that finds a file missing."""
    vocabulary()
    faces()
    _standard()


@cache
def _standard() -> Template:
    return Template.parse(STANDARD)


def _longest_that_fits(values: dict[str, str], variants: Iterator[dict[str, str]]) -> str:
    """The first variant that CLIP reads to its end; where none is, the shortest: it still reads who it is."""
    prompt = ""
    for variant in variants:
        prompt = _standard().fill(values | variant)
        if clip_tokens(prompt) <= CLIP_ROOM:
            break
    return prompt


def _variants(persona: Persona, look: Look, *, age: int) -> Iterator[dict[str, str]]:
    """What may go: first the finish, then the gaze, half of the clothes, the role's end, the trait, the role."""
    half = replace(look, clothes=look.clothes.partition(" and ")[0])
    for shown, role_words in ((look, ROLE_WORDS), (half, ROLE_WORDS), (half, _ROLE_BEGINNING)):
        worn = {"clothes": _clothes(shown), "look": _look(shown)} | _identity(
            persona, shown, age=age, role_words=role_words
        )
        for expression in (_GAZE + look.expression, f"with {look.expression}"):
            for finish in faces().scene.finish:
                yield worn | {"expression": expression, "finish": finish}
    plain = {"clothes": _clothes(half), "expression": f"with {look.expression}"}
    for trait, role_words in ((look.trait.partition(" and ")[0], _ROLE_BEGINNING), ("", _ROLE_BEGINNING), ("", 0)):
        seen = {"look": _look(replace(half, trait=trait))}
        yield plain | seen | _identity(persona, half, age=age, role_words=role_words)


def _values(persona: Persona, look: Look) -> dict[str, str]:
    """The fields of a template that are the same in all variants."""
    return {
        "company": phrase(persona.empresa_name, chars=_NAME_CHARS, words=_NAME_WORDS),
        "industry": role_in_english(persona.industry),
        "description": line(persona.description or persona.bio, chars=MAX_CHARS, words=MAX_WORDS),
        "subject": _SUBJECTS.get(look.noun, "they have"),
        **{part: getattr(look, part) for part in _PARTS},
    }


def _identity(persona: Persona, look: Look, *, age: int, role_words: int) -> dict[str, str]:
    """Such as *a 34-year-old mixed-race Brazilian woman, senior data analyst*; and the role alone."""
    who = [f"{age}-year-old", look.origin, look.noun]
    role = _role(persona, words=role_words)
    return {
        "identity": ", ".join(filter(None, [with_article(" ".join(filter(None, who))), role])),
        "role": role,
        "age": str(age),
    }


def _look(look: Look) -> str:
    return joined([look.skin, look.face, look.eyes, look.hair, look.beard, look.trait])


def _clothes(look: Look) -> str:
    """What is worn, where clothes may have an *and* of their own: *round glasses, a suit and white shirt*."""
    worn = [*filter(None, [look.glasses, look.accessories])]
    if worn and (" and " in look.clothes or " and " in look.accessories):
        return ", ".join([*worn, look.clothes])
    return joined([*worn, look.clothes])


def _role(persona: Persona, *, words: int) -> str:
    """Such as *senior data analyst*, or *working in marketing* where only the field is known."""
    if not words:
        return ""
    if role := role_in_english(persona.role, words=words):
        return role
    field = role_in_english(persona.specialty, words=words) or role_in_english(persona.department, words=words)
    return f"working in {field}" if field else ""
