"""The text of a role taken apart: what stands between commas, dashes and brackets, as meanings of its words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrato.prompts.clean import folded, phrase, without_gender_endings
from retrato.prompts.lookup import find, longest
from retrato.prompts.role_words import Sort, Term, looks_english, role_terms, unknown_head
from retrato.prompts.translate import genderless

Meanings = tuple[Term, ...]

_PART_CHARS, _PART_WORDS, _PARTS = 200, 20, 5
"""What is read; more is no role."""
_BREAK = re.compile(r"([,;|:()\[\]{}\n\u2013\u2014\u2022\u00b7]|\s-+\s)")
_SENTENCE_END = re.compile(
    r"(?<=\w{4})(?<!\badmin)(?<!\bassist)(?<!\basist)(?<!\bcoord)(?<!\bdesenv)(?<!\bespec)(?<!\bestag)(?<!\bexec)"
    r"(?<!\bdepto)(?<!\bdpto)(?<!\bresp)(?<!\bsuperv)(?<!\btecn)(?<!\btécn)[.!?]\s",
    re.IGNORECASE,
)
"""Behind it stands no role any more; abbreviations end none."""
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
"""*R.H.*"""
_OPEN = re.compile(r"(?<=\w{3})@(?=s?(?!\w))")
"""*Advogad@*, of either gender."""


@dataclass(frozen=True, slots=True)
class Part:
    """The words of one part; *is_listed* where a comma goes before it."""

    is_listed: bool
    words: list[Meanings]


def parts_of(text: str, *, is_field: bool = False) -> list[Part]:
    """The parts of *text* that have a word which is known or looks English; what has no meaning is left out."""
    plain = _OPEN.sub("o", _SENTENCE_END.split(unicodedata.normalize("NFKC", text), maxsplit=1)[0])
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), without_gender_endings(plain))
    pieces = ["", *_BREAK.split(plain)]
    is_shouted = plain == plain.upper()
    parts: list[Part] = []
    for mark, piece in zip(pieces[::2], pieces[1::2], strict=True):
        said = genderless(phrase(piece, chars=_PART_CHARS, words=_PART_WORDS))
        words = list(_meanings(said, is_shouted=is_shouted))
        if not parts and not is_field and (head := _unknown_head(said, words, is_shouted=is_shouted)):
            words.insert(0, (Term(Sort.HEAD, head),))
        if any(is_content(meanings) for meanings in words):
            parts.append(Part(mark in {",", ";"}, words))
    return parts[:_PARTS]


def is_content(meanings: Meanings) -> bool:
    """Whether a word says something by itself, as small words do not."""
    return meanings[0].sort not in {Sort.AND, Sort.OF, Sort.BEHIND}


def _meanings(said: Sequence[str], *, is_shouted: bool) -> Iterator[Meanings]:
    words = ["e" if word == "&" else word for word in said]
    while words:
        count, known = longest(words, role_terms())
        if known is None:
            count, known = _without_hyphen(words[0])
        if known is None:
            yield from _of_unknown(words[0], is_shouted=is_shouted)
        elif known[0].sort is not Sort.DROPPED:
            written = folded(" ".join(words[:count]))
            yield tuple(
                Term(term.sort, term.english, written == folded(term.english.removesuffix(" of")))
                for term in known
            )
        words = words[max(count, 1) :]


def _unknown_head(said: Sequence[str], words: Sequence[Meanings], *, is_shouted: bool) -> str:
    """What the first word stands for where nothing is known of it and no other word is a head; else empty."""
    if not said or any(term.sort is Sort.HEAD for meanings in words for term in meanings):
        return ""
    is_known = longest(said, role_terms())[0] or any(_of_unknown(said[0], is_shouted=is_shouted))
    head = "" if is_known or _without_hyphen(said[0])[1] else unknown_head(said[0])
    return head if head != "professional" or any(map(is_content, words)) else ""


def _without_hyphen(word: str) -> tuple[int, Meanings | None]:
    """*Sócia-Diretora* as *Sócia Diretora*."""
    known = find(word.replace("-", " "), role_terms()) if "-" in word else None
    return 1, known


def _of_unknown(word: str, *, is_shouted: bool) -> Iterator[Meanings]:
    """Those of its parts, as in *Compras/Logística* and *Inglês-Português*; else itself where it looks English."""
    slashed = [known for part in word.split("/") if (known := longest([part], role_terms())[1])]
    hyphened = [known for part in word.split("-") if (known := longest([part], role_terms())[1])]
    if "/" in word and len(slashed) == word.count("/") + 1:
        for known in slashed:
            yield from ((Term(Sort.AND, "and"),), known) if known is not slashed[0] else (known,)
    elif "-" in word and len(hyphened) == word.count("-") + 1:
        yield (Term(Sort.KIND, "-".join(known[-1].english for known in hyphened)),)
    elif looks_english(word, is_shouted=is_shouted):
        is_plain = word.isalpha() and (is_shouted or (word.istitle() and len(word) > 1))
        yield (Term(Sort.FIELD, word.lower() if is_plain else word, is_english=True),)
