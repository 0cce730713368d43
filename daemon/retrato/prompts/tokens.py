"""How long a prompt is for CLIP, the model's short-sighted encoder, without CLIP's whole vocabulary."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from retrato.prompts.faces import faces
from retrato.prompts.role_words import english_of_roles, tokens_of_roles
from retrato.prompts.template import STANDARD
from retrato.prompts.vocabulary import vocabulary

CLIP_ROOM = 75
"""CLIP reads 77 tokens; two of them mark beginning and end."""

# The words of ours that CLIP does not know whole; a test finds those that are missing here.
_IN_PARTS = {
    2: """
        acetate algerian andorran angolan antiguan arched aruban attentive azerbaijani bahamian
        bangladeshi beninese bermudian bissau bluish bolivian bookshelves bosnian bruneian buryat bushy
        caicos caledonian cambodian cameroonian caymanian chadian cheekbones cleft cochlear coily
        combed comorian cornrows counsellor crutch cypriot diffused dimples discreet dominica
        dreadlocks emirati empathetic equatorial eritrean fijian forearm gambian georgian goatee
        greying guatemalan guianese guinean hairline headscarf helenian honduran ivorian jordanian
        kazakh kippah kiribati kittitian kosovar kyrgyz latvian liberian lithuanian locs lucian maarten
        macanese macedonian mahoran malian manx martinican mauritian moles montenegrin namibian
        nigerien nutritionist omani ombre panamanian paraguayan parted physiotherapist pigtails
        prosthesis qatari quiff receding receptionist rwandan samoan seychellois shaven sideburns
        singaporean sint slavic slicked slovak slovenian stubble swazi tahitian tajik tanzanian tatar
        thinning tongan topknot tousled triangular tunisian turkmen undercut uzbek verdean veterinarian
        vincentian waistcoat wristwatch zambian zimbabwean
    """,
    3: """
        albinism anguillan bahraini barbadian basotho belarusian belizean bhutanese botswanan burkinabe
        burundian congolese djiboutian ecuadorian faroese gabonese gibraltarian greenlandic grenadian
        guamanian guyanese kuwaiti leonean liechtenstein luxembourgish malagasy malawian maldivian
        marshallese mauritanian micronesian moldovan mozambican nauruan nicaraguan niuean palauan
        sahrawi salesperson salvadoran sammarinese santomean timorese togolese turtleneck tuvaluan
        uruguayan vitiligo wallisian
    """,
    4: """
        curacaoan monegasque montserratian reunionese senegalese surinamese tokelauan tortoiseshell
        trinidadian
    """,
    5: """
        guadeloupean
    """,
}
_OF_THE_COMPOSER = (
    "a an year old he she they has have looking at the camera with working skin face eyes clean shaven"
)
_LETTERS_A_TOKEN = 3
"""Of words that are not ours."""
_PIECES = re.compile(r"[^\W\d_]+|\d|[^\w\s]+|_+")


def clip_tokens(text: str) -> int:
    """
    The tokens that CLIP makes of *text*, without the two marks: exact for our own English words.

    Other words are guessed at three letters a token, letters beyond ASCII at one each.
    """
    return sum(_tokens_of(piece) for piece in _PIECES.findall(text.lower()))


def _tokens_of(piece: str) -> int:
    known = _known_words().get(piece)
    if known is not None:
        return known
    if not piece.isalpha():
        return 1
    return -(-len(piece) // _LETTERS_A_TOKEN) if piece.isascii() else len(piece)


@cache
def _known_words() -> dict[str, int]:
    """Every English word of the data files and of the standard wording, with its tokens."""
    texts = " ".join(
        [
            STANDARD,
            _OF_THE_COMPOSER,
            *_texts(faces().model_dump(exclude={"regions"})),
            *faces().regions,
            *_texts(vocabulary().model_dump()),
            english_of_roles(),
        ]
    ).lower()
    whole = {word: 1 for word in _PIECES.findall(texts) if word.isalpha()}
    return (
        whole | {word: count for count, words in _IN_PARTS.items() for word in words.split()} | tokens_of_roles()
    )


def _texts(data: Any) -> Iterator[str]:
    """The texts in *data*; of tables the values, since the vocabulary's keys are Portuguese."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, tuple):
        for value in data:
            yield from _texts(value)
