"""
What stands around the face: expression, attire, background, light.

Chosen by the persona's id, so that one company's gallery is not sixteen times the same photograph. All of
it would suit anybody at work: what tells people apart belongs to the appearance.
"""

import hashlib
from dataclasses import dataclass

_EXPRESSIONS = (
    "A calm, attentive expression",
    "A warm, natural smile",
    "A relaxed half smile",
    "A friendly, open expression",
    "A confident, composed expression",
    "A thoughtful, kind expression",
)
_ATTIRES = (
    "a navy blazer over a white shirt",
    "a charcoal jacket over a fine-knit sweater",
    "a light blue button-down shirt",
    "a dark green crew-neck sweater",
    "a grey blazer over a black top",
    "a beige linen jacket and white shirt",
    "a burgundy fine-knit sweater and shirt",
    "a plain black roll-neck sweater",
)
_BACKGROUNDS = (
    "Softly blurred modern office in the background",
    "Plain warm grey studio backdrop behind them",
    "Blurred bookshelves in the far background",
    "Out-of-focus brick wall in the background",
    "Blurred meeting room with plants behind them",
    "Smooth slate blue studio backdrop behind them",
    "Blurred city seen through a window behind them",
    "Pale plaster wall in the background",
)
_LIGHTS = (
    "soft daylight from a large window",
    "gentle light from a softbox at the side",
    "even light of an overcast day",
    "warm late afternoon light from the left",
    "soft studio light with a gentle shadow",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Phrases for the prompt, each ready to stand in its sentence."""

    expression: str
    attire: str
    background: str
    light: str


def scene_for(persona_id: str) -> Scene:
    """The scene of this persona, always the same one."""
    return Scene(
        expression=_choose(_EXPRESSIONS, persona_id, "expression"),
        attire=_choose(_ATTIRES, persona_id, "attire"),
        background=_choose(_BACKGROUNDS, persona_id, "background"),
        light=_choose(_LIGHTS, persona_id, "light"),
    )


def _choose(options: tuple[str, ...], persona_id: str, slot: str) -> str:
    text = f"{slot}:{persona_id}".encode(errors="surrogatepass")
    number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
    return options[number % len(options)]
