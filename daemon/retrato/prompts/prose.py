"""
What prose says of an appearance: fragments whose every word the vocabulary knows, by what they speak of.

A clause has one noun (*cabelo*, *eyes*) or goes on with the adjectives of the one before. Whatever stands beside
known
words is dropped, a sentence that instructs whole. Portuguese, Spanish and English.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice

from retrato.domain.years import years_in
from retrato.prompts.clean import folded
from retrato.prompts.faces import faces
from retrato.prompts.instructions import is_instruction
from retrato.prompts.lookup import find, find_first
from retrato.prompts.translate import country_in_english
from retrato.prompts.vocabulary import Words, vocabulary

_CHARS = 4_000
"""Characters looked at; more is no description of a face."""
_MOST_NOUNS = 6
"""Nouns that are looked at in one clause: more are no description."""
_NEAR = 8
"""Words beside a noun that may belong to it."""

_NO_PLACE = r"(?<!\bna )(?<!\bno )(?<!\bnas )(?<!\bnos )(?<!\bda )(?<!\bdo )(?<!\bla )(?<!\bel )(?<!\bthe )"
"""Before what may also be the place of something: *a scar on the nose*."""
# Nouns of a topic; in Portuguese and Spanish most of the rest follows, in English it stands before.
_ROMANCE = {
    "skin": "pele|tez|piel|cutis",
    "hair": "cabelos?|cabeleira|cabellos?|(?<=con )pelo|(?<=el )pelo|(?<=su )pelo|(?<=de )pelo|(?<=tiene )pelo"
    "|(?<!\\w )pelo(?! (?:curto|longo|medio))",
    "eyes": "olhos?|ojos?", "face": "rosto|rostro",
    "beard": "barba|cavanhaque|bigodes?|bigotes?|perilla|barbich[ae]|costeletas|patillas",
    "accessories": "oculos|gafas|anteojos|lentes|brincos?|aretes?|pendientes?|argolas|colar|collar|gargantilha"
    "|relogios?"
    "|reloj|pulseiras?|pulseras?|aneis|anel|anillo|alianca|piercings?|maquiagem|maquilhagem|maquillaje|batom|hijab|veu|velo"
    "|turbante|lencos?(?: na cabeca)?|panuelo|chapeu|sombrero|bone|gorro|boina|kipa|quipa|aparelhos? "
    "auditivos?|audifonos?"
    "|implante coclear|tiara|bandana|cachecol|bufanda",
    "trait": "sardas?|pecas|covinhas?|hoyuelos?|cicatriz(?:es)?|pintas?|lunar(?:es)?|tatuage(?:m|ns)|tatuajes?"
    "|rugas|arrugas"
    "|vitiligo|albinismo|cadeira de rodas|silla de ruedas|muleta|protese|aparelho (?:nos dentes|dental"
    "|ortodontico)"
    rf"|{_NO_PLACE}(?:sobrancelhas?|cejas|nariz|labios?|macas do rosto|pomulos)",
    "expression": "sorriso|sonrisa|expressao|expresion|olhar|mirada|semblante",
    "clothes": "blazer|blusa|camisa|camisa social|camiseta|casaco|jaqueta|chaqueta|sueter|terno|traje|vestido"
    "|colete"
    "|chaleco|gravata|corbata|cardiga|moletom|jaleco|uniforme|saia|falda|calca|pantalon|jeans|abrigo|sari|kimono|quimono",
}  # fmt: skip
_ENGLISH = {
    "skin": "skin|complexion", "hair": "hair", "eyes": "eyes", "face": "face",
    "beard": "beard|stubble|goatee|mo?ustache|sideburns",
    "accessories": "glasses|eyeglasses|spectacles|sunglasses|earrings?|necklace|watch|bracelet|ring|piercings?"
    "|make-?up"
    "|lipstick|hijab|headscarf|head scarf|veil|turban|hat|cap|beanie|beret|kippah|hearing aids?|cochlear "
    "implant|headband"
    "|bandana|scarf",
    "trait": "freckles|dimples?|scars?|moles?|beauty mark|tattoos?|wrinkles|vitiligo|albinism|wheelchair|crutch"
    rf"|prosthetic \w+|braces|{_NO_PLACE}(?:eyebrows|cheekbones|nose|lips)",
    "expression": "smile|expression|gaze",
    "clothes": "blazer|blouse|shirt|t-shirt|coat|jacket|sweater|jumper|suit|dress|vest|waistcoat|tie|cardigan"
    "|hoodie|lab coat"
    "|uniform|skirt|trousers|turtleneck|sari|kimono",
}  # fmt: skip
# Words that say the hair where no noun is beside them: "uma mulher loira".
_BY_HAIR = (
    r"careca|calv[oa]|bald|loir[oa]|ruiv[oa]|grisalh[oa]s?|canos[oa]|rubi[oa]|pelirroj[oa]|blonde?|redhead(?:ed)?|ginger"
    r"|brunette|greying|graying|rabo de cavalo|cola de caballo|coque|franja|flequillo|trancas?|trancinhas?"
    r"|trenzas?"
    r"|trancad[oa]|braids?|braided|dreads?|dreadlocks|locs|cornrows|ponytail|pigtails|bun|topknot|chignon|afro"
    r"|black power"
    r"|bangs|fringe|mohawk|moicano|topete|quiff|temporas?|temples|cabeca raspada|cabeza rapada|shaved head"
    r"|buzz cut"
    r"|mechas|highlights"
)
_MARKS = re.compile(
    "|".join(
        [
            *(rf"\b(?P<romance_{topic}>{words})\b" for topic, words in _ROMANCE.items()),
            *(rf"\b(?P<english_{topic}>{words})\b" for topic, words in _ENGLISH.items()),
        ]
    )
)
_HAIR_ALONE = re.compile(rf"(?<![\w-])(?:{_BY_HAIR})(?![\w-])")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n")
_CLAUSES = re.compile(
    r"[.,;:()!?]|\b(?:e|and|y|com|with|con|has|have|had|tem|tiene|wearing|wears|usa|usando|veste|vestindo|traja|trajando"
    r"|viste|lleva|llevan|vestid[oa]s (?:de|com|con)|dressed in|but|mas|pero|whose|cujos?)\b"
)
_COMPOUND = (
    (re.compile(r"\b(\w+)-haired\b"), r"\1 hair,"), (re.compile(r"\b(\w+)-eyed\b"), r"\1 eyes,"),
    (re.compile(r"\b(\w+)-skinned\b"), r"\1 skin,"), (re.compile(r"\b(?:bearded|barbudo|barbado)\b"), ", beard,"),
    (re.compile(r"\bsalt[- ]and[- ]pepper\b|\bsal (?:e|y) pimien?ta\b"), "greying"),
    (re.compile(r"\bfreckled\b"), ", freckles,"), (re.compile(r"\bbespectacled\b"), ", glasses,"),
)  # fmt: skip
_NEGATED = re.compile(r"\b(?:sem|nao|nenhum|nenhuma|sin|ningun|no|not|without|doesn't|isn't|nor|nem|ni|never)\b")
_NEGATED_NEAR = 40
"""Characters before a noun in which it may be denied."""
_COPULAS = frozenset(
    {"is", "are", "was", "were", "sao", "eram", "era", "son", "es", "bem", "muito", "muy", "very"}
)
_SMILES = frozenset({"smile", "sorriso", "sonrisa"})
_HAIR_OR_BEARD = frozenset({"romance_hair", "english_hair", "romance_beard", "english_beard"})
_LITTLE = frozenset({"a", "an", "the", "on", "over", "above", "under", "of", "left", "right", "her", "his"})
"""English words that may stand within a fragment."""
_LOOSE = frozenset(
    {"her", "his", "of", "on", "over", "the", "de", "da", "do", "em", "no", "na", "um", "uma", "o", "a"}
)
_SHORTEST_PEOPLE = 4
"""Letters of a word for people: *de* is no German."""
_PEOPLE = re.compile(
    r"\b(?:mulher|homem|moca|rapaz|senhora|senhor|pessoa|jovem|mujer|hombre|chica|chico|joven|garota|garoto) "
    r"(?P<after>\w+)"
    r"|(?<![\w-])(?P<before>[\w-]{2,20}(?: [\w-]{2,20})?) (?:woman|man|person|girl|lady|guy|gentleman)\b"
)
_TENS = "vinte|trinta|quarenta|cinquenta|sessenta|setenta|veinte|treinta|cuarenta|cincuenta|sesenta|setenta"
_AGE = re.compile(
    r"\b\d\d[- ]?(?:years?[- ]old|yo\b|y/o)|\baged? \d\d\b|\b(?:idade|edad)(?: de)?:? \d\d\b"
    r"|(?<!\bha )(?<!\bpor )(?<!mais de )(?<!ultimos )(?<!hace )(?<!mas de )"
    rf"\b(?:\d\d|(?:{_TENS})(?: [ey] \w+)?|\d\d [ey] \w+) anos\b(?! (?:de (?!idade|edad)|em|no|na|en|atu"
    rf"|trabalh|como))"
    r"|\bin (?:her|his|their) (?:early |mid[- ]|late )?(?:\d0s|\w+ties)\b|\b(?:casa|inicio|final|meados) dos \w+"
)


def looks_in(text: str | None) -> dict[str, str]:
    """Topic to known words, in the language of *text*, for what it says of an appearance. Never raises."""
    return dict(_looks_in((text or "")[:_CHARS]))


@lru_cache(maxsize=64)  # a look is drawn in several attempts, and each reads the row
def _looks_in(text: str) -> Mapping[str, str]:
    topics: dict[str, list[str]] = {}
    age = ""
    for sentence in _SENTENCES.split(text):
        plain = folded(sentence).replace("\u2019", "'")
        if is_instruction(plain):
            continue
        for form, spoken in _COMPOUND:
            plain = form.sub(spoken, plain)
        if not age and (found := _AGE.search(plain)):
            age = str(years_in(found[0]) or "")
        for topic, words, goes_on in _said(plain):
            said_before = topics.setdefault(topic, []) if words else []
            if words and goes_on and said_before:
                said_before[-1] += f" e {words}"
            elif words:
                said_before.append(words)
    said = {topic: (" " if topic == "hair" else ", ").join(words) for topic, words in topics.items()}
    return said | ({"age": age} if age else {})


def _said(sentence: str) -> Iterator[tuple[str, str, bool]]:
    """Topic and words, clause by clause, and whether they go on with the words before."""
    current = ""
    pending: list[str] = []
    for clause in _CLAUSES.split(sentence):
        if ethnicity := _ethnicity(clause):
            yield "ethnicity", ethnicity, False
        marks = list(islice(_MARKS.finditer(clause), _MOST_NOUNS))
        if not marks:
            if current and (more := _all_known(clause, current)):
                yield current, more, True
            elif alone := _hair_alone(clause):
                current = "hair"
                yield "hair", alone, False
            else:
                pending.append(clause)
            continue
        for topic, words in _at_marks(clause, marks, pending):
            current = topic
            yield topic, words, False
        pending = []


def _at_marks(clause: str, marks: Sequence[re.Match[str]], pending: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Topic and words at each noun of *clause*; *pending* are the clauses before it that had none."""
    if not any(mark.lastgroup in _HAIR_OR_BEARD for mark in marks):
        yield "hair", _hair_alone(clause[: marks[0].start()])
    borders = [0, *(place for mark in marks for place in mark.span()), len(clause)]
    for at, (mark, before, after) in enumerate(zip(marks, borders[::2], borders[3::2], strict=False)):
        left = clause[before : mark.start()] if at == 0 or _is_english(mark) else ""
        right = clause[mark.end() : after] if at == len(marks) - 1 or not _is_english(mark) else ""
        topic = (mark.lastgroup or "").partition("_")[2]
        if len(_NEGATED.findall(clause[max(mark.start() - _NEGATED_NEAR, 0) : mark.start()])) % 2:
            yield topic, {"beard": "sem barba", "accessories": "nenhum"}.get(topic, "")
            continue
        if at == 0 and topic in _COLOURS:
            yield topic, " ".join(filter(None, (_all_known(words, topic) for words in pending)))
        yield topic, _around(mark, topic, left, right)


def _hair_alone(clause: str) -> str:
    """What is said of hair without the word: *coque baixo*, *levemente grisalho*."""
    mark = _HAIR_ALONE.search(clause)
    if mark is None or _NEGATED.search(clause[: mark.start()]):
        return ""
    before = clause[: mark.start()].split()[-_NEAR:]
    words = [*before, *clause[mark.start() :].split()[:_NEAR]]
    runs = (_beginning_of(words[at:], _known("hair")) for at in range(max(len(before) - 3, 0), len(before) + 1))
    return next(
        (" ".join(run) for at, run in enumerate(runs, max(len(before) - 3, 0)) if at + len(run) > len(before)), ""
    )


def _is_english(mark: re.Match[str]) -> bool:
    return (mark.lastgroup or "").startswith("english")


def _around(mark: re.Match[str], topic: str, left: str, right: str) -> str:
    """The known words on both sides of *mark*, with it where it is part of what is said."""
    known = _known(topic)
    before, after = _end_of(left.split()[-_NEAR:], known), _beginning_of(right.split()[:_NEAR], known)
    if topic in _COLOURS:
        return " ".join([*before, *after])
    words = [*before, *mark[0].split(), *after]
    while words and (words[-1] in _LOOSE or words[-1] in vocabulary().joins):
        words.pop()
    while words and words[0] in {"her", "his", "of", "de", "o", "os", "as"}:
        words = words[1:]
    is_bare = topic == "expression" and len(words) == 1 and words[0] not in _SMILES
    return "" if is_bare else " ".join(words)


def _end_of(words: list[str], known: Callable[[Sequence[str]], int]) -> list[str]:
    """The longest end of *words* that is known throughout."""
    return next(
        (words[at:] for at in range(len(words)) if len(_beginning_of(words[at:], known)) == len(words) - at), []
    )


def _beginning_of(words: list[str], known: Callable[[Sequence[str]], int]) -> list[str]:
    """The beginning of *words* that is known; the words *is* and *very* before it are left out."""
    while words and words[0] in _COPULAS and not known(words[:2]) > 1:
        words = words[1:]
    end = 0
    while end < len(words) and (count := known(words[end:])):
        end += count
    return words[:end]


def _all_known(clause: str, topic: str) -> str:
    """*clause* where it has nothing but words of *topic*; else empty."""
    words = [word for word in clause.split() if word not in _COPULAS and word not in {"a", "o", "um", "uma"}]
    if len(words) > _NEAR:
        return ""
    adjectives = _known(topic) if topic in _COLOURS else _in(vocabulary().qualities)
    return " ".join(words) if words and len(_beginning_of(words, adjectives)) == len(words) else ""


def _ethnicity(clause: str) -> str:
    for found in islice(_PEOPLE.finditer(clause), _MOST_NOUNS):
        words = found["after"] or found["before"]
        for said in (words, words.rpartition(" ")[2]):
            if len(said) < _SHORTEST_PEOPLE:
                continue
            if find(said, vocabulary().ethnicities) is not None or country_in_english(said):
                return said
    return ""


_FILLERS = {word: word for word in ("de", "em", "num", "numa", "un", "una", "um", "uma", "en", "na", "no", "in")}
_COLOURS = ("skin", "hair", "eyes", "face")
"""Topics whose noun need not be said again."""


@cache
def _known(topic: str) -> Callable[[Sequence[str]], int]:
    """How many words at the beginning of some are known of *topic*."""
    known = vocabulary()
    tables: Mapping[str, Words] = {
        "skin": known.skin,
        "hair": {
            **_FILLERS,
            **known.hair_styles,
            **known.hair_lengths,
            **known.hair_textures,
            **known.hair_colours,
        },
        "eyes": {**known.eye_shapes, **known.eye_colours},
        "face": known.face_shapes,
    }
    if topic in tables:
        return _in(tables[topic])
    romance = _in({**known.things, **known.qualities, **known.joins})
    english = _english_words()
    if topic == "beard":
        english |= {word for kind in known.beards for word in kind.split()}
        romance = _in({word: word for kind in known.beards for word in kind.split()} | dict(known.qualities))
    return lambda words: romance(words) or int(words[0] in english)


def _in(table: Words) -> Callable[[Sequence[str]], int]:
    return lambda words: find_first(list(words), table)[0]


@cache
def _english_words() -> frozenset[str]:
    known, scene = vocabulary(), faces().scene
    texts = [
        *known.things.values(), *known.qualities.values(), *known.hair_colours.values(),
        *known.eye_shapes.values(),
        *scene.expressions, *(words for each in scene.clothes.values() for words in each), *faces().glasses.said,
        *(choice.said for each in faces().traits.values() for choice in each),
        *(choice.said for choice in faces().beards["man"]),
    ]  # fmt: skip
    return _LITTLE | {word for text in texts for word in re.findall(r"[a-z-]+", text.lower())} - {"and", "with"}
