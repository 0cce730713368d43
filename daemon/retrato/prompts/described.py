"""
What the host's texts say of an appearance, in the host's own words, by what they speak of.

The JSON has many shapes (``olhos_cor``, ``olhos: {cor}``, ``eye_color``), is written by language models and
may be anything; what cannot be read says nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from retrato.domain.persona import Persona
from retrato.prompts.clean import folded
from retrato.prompts.instructions import is_instruction
from retrato.prompts.prose import looks_in
from retrato.prompts.translate import is_unsaid

_JSON_CHARS = 20_000
_SHORT = 3
"""Words of an appearance that pass through where none is known."""
_DEEPEST = 5
"""Levels of nesting that are looked into."""
_LONGEST_LIST = 5

_KEYS: Mapping[str, str] = {
    key: topic
    for topic, keys in {
        "gender": "genero gender sexo",
        "age": "idade_aparente idade apparent_age age age_range",
        "ethnicity": "etnia ethnicity",
        "skin": "pele_tom tom_pele tom_de_pele pele skin_tone skin piel tono_piel",
        "hair": "cabelo cabelos cabelo_cor cabelo_comprimento cabelo_textura cabelo_estilo cor_cabelo hair "
        "hair_color hair_length hair_texture hair_style pelo cabello color_pelo color_cabello",
        "eyes": "olhos olhos_cor olhos_formato cor_olhos eyes eye_color eye_shape eyes_color eyes_shape ojos "
        "color_ojos",
        "face": "rosto rosto_formato formato_rosto face face_shape rostro",
        "beard": "barba facial_hair beard vello_facial",
        "accessories": "acessorios_permanentes acessorios accessories accesorios oculos glasses maquiagem makeup",
        "trait": "caracteristicas_distintivas distinctive_features caracteristicas rasgos_distintivos marcas "
        "distinguishing_features",
        "expression": "expressao_tipica expressao_facial_padrao expressao expression facial_expression",
        "clothes": "estilo_roupa_padrao estilo_vestimenta_padrao roupa vestimenta clothing clothing_style",
        "light": "iluminacao lighting",
        "background": "fundo background",
    }.items()
    for key in keys.split()
}

_LISTS = frozenset({"trait", "accessories"})
"""Topics that hosts fill with whatever is remarkable: also hair, beards and glasses."""
_SEPARATORS = re.compile(r"[,;\n]")


def described(persona: Persona) -> dict[str, str]:
    """
    Topic to words, for the topics that *persona*'s texts speak of. Never raises.

    JSON goes before prose; ``system_prompt`` before ``biometrics``, ``physical_appearance``, ``appearance``,
    ``description`` and ``bio``. Of prose only fragments of known words are taken (``prose.py``); a short
    ``appearance``
    in which nothing is recognised is the topic ``other``.
    """
    said: dict[str, str] = {}
    columns = (
        persona.system_prompt, persona.biometrics, persona.physical_appearance, persona.appearance,
        persona.description, persona.bio,
    )  # fmt: skip
    for text in columns:
        said = _topics_of(_json(text)) | said
    own = _topics_of_prose(persona.appearance)
    if not own and not _json(persona.appearance) and _is_short(persona.appearance):
        own = {"other": persona.appearance or ""}
    for prose in (own, *map(_topics_of_prose, (persona.description, persona.system_prompt, persona.bio))):
        said = prose | said
    return said


def _is_short(text: str | None) -> bool:
    words = (text or "").split()
    return 0 < len(words) <= _SHORT and not is_unsaid(" ".join(words)) and not is_instruction(folded(text or ""))


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
    elsewhere: dict[str, list[str]] = {}
    for topic, words in _walk(document, parent="", depth=0):
        if topic not in _LISTS:
            topics.setdefault(topic, []).append(words)
            continue
        for part in _SEPARATORS.split(words):
            spoken = looks_in(part)
            if not spoken:
                topics.setdefault(topic, []).append(part)
            for other, fragment in spoken.items():
                (topics if other in _LISTS else elsewhere).setdefault(other, []).append(fragment)
    # Colour, length and texture of the hair come one by one and belong together; so does grey among the features.
    for other, said in elsewhere.items():
        if other == "hair" or other not in topics:
            topics.setdefault(other, []).extend(said)
    return {
        topic: ", ".join(dict.fromkeys(filter(None, map(str.strip, words)))) for topic, words in topics.items()
    }


def _walk(document: dict[str, Any], *, parent: str, depth: int) -> Iterator[tuple[str, str]]:
    """Topic and words of everything in *document*, not deeper than five levels."""
    for name, value in document.items():
        key = folded(name).replace(" ", "_")
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _walk(value, parent=key, depth=depth + 1)
            continue
        topic = _KEYS.get(f"{parent}_{key}") or _KEYS.get(key)
        words = _words(value)
        if topic and not (is_unsaid(words) and topic != "accessories") and not is_instruction(folded(words)):
            yield topic, words


def _words(value: Any) -> str:
    """Text, a number, or a list of them, as text; empty for everything else."""
    if isinstance(value, list):
        return ", ".join(
            filter(None, map(_words, [item for item in value if isinstance(item, str)][:_LONGEST_LIST]))
        )
    return str(value).strip() if isinstance(value, str) or type(value) is int else ""


def _topics_of_prose(text: str | None) -> dict[str, str]:
    return {} if _json(text) else looks_in(text)
