"""What a row says of hair: colour, length, texture and how it is worn."""

from retrato.prompts.clean import folded, phrase
from retrato.prompts.instructions import is_instruction
from retrato.prompts.lookup import split
from retrato.prompts.vocabulary import vocabulary

GREYING = "greying"
"""A colour that stands beside the hair's own."""
_GREYS = frozenset({"grey", "silver", "white"})
_HIGHLIGHTS = "with highlights"
_AFRO = "in an afro"
_DYED = "dyed"
_WORDS, _CHARS = 16, 120
_UNKNOWN_WORDS = 3
_MOST_STYLES = 3


def hair_of(text: str | None) -> dict[str, str]:
    """
    ``hair_colour``, ``hair_length``, ``hair_texture`` and ``hair_style`` in English; empty where *text* is silent.

    Grey beside another colour is *greying brown*; *greying* alone has yet to get its colour. A colour that is
    not known
    passes through in three words.
    """
    known = vocabulary()
    words = phrase(text, chars=_CHARS, words=_WORDS).split()
    # A word that may be a length or a colour is what the earlier table says.
    styles, words = split(words, known.hair_styles)
    lengths, words = split(words, known.hair_lengths)
    textures, words = split(words, known.hair_textures)
    colours, words = split(words, known.hair_colours)
    unknown = [word for word in words if folded(word) not in known.showing_nothing][:_UNKNOWN_WORDS]
    styles = list(dict.fromkeys(styles))[:_MOST_STYLES]
    colours = list(dict.fromkeys(colours))
    if _AFRO in styles and not textures:
        textures = ["coily"]
    if _HIGHLIGHTS in styles and len(colours) > 1:
        styles = [f"with {colours.pop()} highlights" if style == _HIGHLIGHTS else style for style in styles]
    colour = _colour(colours) or ("" if is_instruction(folded(text or "")) else " ".join(unknown))
    if _DYED in styles:
        styles.remove(_DYED)
        colour = colour and f"{_DYED} {colour}"
    return {
        "hair_colour": colour,
        "hair_length": lengths[0] if lengths else "",
        "hair_texture": textures[0] if textures else "",
        "hair_style": " ".join(styles),
    }


def _colour(colours: list[str]) -> str:
    own = next((colour for colour in colours if colour not in {*_GREYS, GREYING}), "")
    grey = [colour for colour in colours if colour in {*_GREYS, GREYING}]
    if own and grey:
        return f"{GREYING} {own}"
    return own or (GREYING if GREYING in grey else grey[0] if grey else "")
