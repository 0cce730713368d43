"""
What the host's JSON and prose say of an appearance, in the host's own words, by what they speak of.

The JSON has many shapes (``olhos_cor``, ``olhos: {cor}``, ``eye_color``), is written by language models and
may be anything; what cannot be read says nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from retrato.domain.persona import Persona
from retrato.prompts.clean import folded
from retrato.prompts.translate import is_unsaid

_JSON_CHARS = 20_000
_PROSE_CHARS = 4_000
"""Characters looked at; more is no description of a face."""
_DEEPEST = 5
"""Levels of nesting that are looked into."""
_LONGEST_LIST = 5

_KEYS: Mapping[str, str] = {
    key: topic
    for topic, keys in {
        "gender": "genero gender sexo",
        "age": "idade_aparente idade apparent_age age age_range",
        "ethnicity": "etnia ethnicity",
        "skin": "pele_tom tom_pele tom_de_pele pele skin_tone skin",
        "hair": "cabelo cabelos cabelo_cor cabelo_comprimento cabelo_textura cabelo_estilo cor_cabelo hair "
        "hair_color hair_length hair_texture hair_style",
        "eyes": "olhos olhos_cor olhos_formato cor_olhos eyes eye_color eye_shape eyes_color eyes_shape",
        "face": "rosto rosto_formato formato_rosto face face_shape",
        "beard": "barba facial_hair beard",
        "accessories": "acessorios_permanentes acessorios accessories",
        "trait": "caracteristicas_distintivas distinctive_features",
        "expression": "expressao_tipica expressao_facial_padrao expressao expression facial_expression",
        "clothes": "estilo_roupa_padrao estilo_vestimenta_padrao roupa vestimenta clothing clothing_style",
        "light": "iluminacao lighting",
        "background": "fundo background",
    }.items()
    for key in keys.split()
}

# In prose a topic begins with its word; in Portuguese the rest follows, in English it stands before.
_AFTER = {
    "skin": "pele|tez", "hair": "cabelos?|careca|calv[oa]", "eyes": "olhos?", "face": "rosto",
    "beard": "barba|cavanhaque|bigode", "accessories": "oculos|brincos?",
    "trait": "sardas|covinhas|cicatriz|pinta", "expression": "sorriso|expressao|olhar",
    "clothes": "veste|vestindo|vestid[oa] com|usa|usando|traja|trajando|wearing",
    "garment": "blazer|blusa|camisa|camiseta|casaco|jaqueta|sueter|terno|vestido",
}  # fmt: skip
_BEFORE = {
    "skin": "skin|complexion", "hair": "hair", "eyes": "eyes", "face": "face", "beard": "beard",
    "accessories": "glasses", "expression": "smile|expression",
}  # fmt: skip
_KEEP_WORD = frozenset({"beard", "trait", "expression", "accessories", "hair", "garment"})
"""Topics whose own word is part of what is said."""
_MARKS = re.compile(
    "|".join(
        [
            *(rf"\b(?P<after_{topic}>{words})\b" for topic, words in _AFTER.items()),
            *(rf"\b(?P<before_{topic}>{words})\b" for topic, words in _BEFORE.items()),
        ]
    )
)
_SENTENCE_END = re.compile(r"[.;\n]")
_CLAUSE_END = re.compile(r"[.;,\n]|\b(?:e|and|with|com|has|have)\b")
_LOOSE = frozenset({",", "", "e", "and", "com", "with"})
"""What may be left over at the end of what is said of a topic."""
_YEARS = re.compile(r"\b(\d\d) anos\b|\b(\d\d)[- ]years?\b")


def described(persona: Persona) -> dict[str, str]:
    """
    Topic to words, for the topics that *persona*'s texts speak of. Never raises.

    ``system_prompt`` goes before ``biometrics``, ``physical_appearance`` and ``appearance``. Prose is read in
    ``appearance`` alone: elsewhere it tells a language model how to talk. Prose in which nothing is recognised
    is the topic ``other``.
    """
    said: dict[str, str] = {}
    for text in (persona.system_prompt, persona.biometrics, persona.physical_appearance, persona.appearance):
        said = _topics_of(_json(text)) | said
    return _topics_of_prose(persona.appearance) | said


def _json(text: str | None) -> dict[str, Any]:
    """The object in *text*, also between other words such as a code fence; empty where there is none."""
    bounded = (text or "")[:_JSON_CHARS]
    try:
        document = json.loads(bounded[bounded.index("{") : bounded.rindex("}") + 1])
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _topics_of(document: dict[str, Any]) -> dict[str, str]:
    topics: dict[str, list[str]] = {}
    for topic, words in _walk(document, parent="", depth=0):
        topics.setdefault(topic, []).append(words)
    # Colour, length and texture of the hair come one by one and belong together.
    return {topic: ", ".join(words) for topic, words in topics.items()}


def _walk(document: dict[str, Any], *, parent: str, depth: int) -> Iterator[tuple[str, str]]:
    """Topic and words of everything in *document*, not deeper than five levels."""
    for name, value in document.items():
        key = folded(name).replace(" ", "_")
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _walk(value, parent=key, depth=depth + 1)
            continue
        topic = _KEYS.get(f"{parent}_{key}") or _KEYS.get(key)
        words = _words(value)
        if topic and not is_unsaid(words):
            yield topic, words


def _words(value: Any) -> str:
    """Text, a number, or a list of them, as text; empty for everything else."""
    if isinstance(value, list):
        return ", ".join(
            filter(None, map(_words, [item for item in value if isinstance(item, str)][:_LONGEST_LIST]))
        )
    return str(value).strip() if isinstance(value, str) or type(value) is int else ""


def _topics_of_prose(text: str | None) -> dict[str, str]:
    if _json(text):
        return {}
    prose = _folded_lines(text)
    topics: dict[str, str] = {}
    garments: list[str] = []
    marks = list(_MARKS.finditer(prose))
    borders = [0, *(place for mark in marks for place in mark.span()), len(prose)]
    for mark, before, after in zip(marks, borders[::2], borders[3::2], strict=False):
        topic, words = _said_at(mark, before=prose[before : mark.start()], after=prose[mark.end() : after])
        if topic == "garment":
            garments.append(words)
        elif words:
            topics.setdefault(topic, words)
    if garments and "clothes" not in topics:
        topics["clothes"] = " e ".join(garments)
    if years := _YEARS.search(prose):
        topics["age"] = years[1] or years[2]
    if not topics and text and not is_unsaid(prose):
        topics["other"] = text
    return topics


def _said_at(mark: re.Match[str], *, before: str, after: str) -> tuple[str, str]:
    """The topic of *mark* and what is said of it, in the texts between it and its neighbours."""
    side, _, topic = (mark.lastgroup or "").partition("_")
    kept = mark[0] if topic in _KEEP_WORD else ""
    if side == "after":
        words = [kept, *_SENTENCE_END.split(after)[0].replace(",", " , ").split()]
    else:
        words = [*_CLAUSE_END.split(before)[-1].split(), kept]
    while words and words[-1] in _LOOSE:
        words.pop()
    return topic, " ".join(words).replace(" ,", ",").strip()


def _folded_lines(text: str | None) -> str:
    """*text* in lower case without accents, its line ends kept, since they end sentences."""
    return "\n".join(folded(row) for row in (text or "")[:_PROSE_CHARS].splitlines())
