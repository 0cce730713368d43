"""Noun phrases: Portuguese ones turned into English, and English ones put together."""

import re
from collections.abc import Sequence

from retrato.prompts.clean import phrase
from retrato.prompts.lookup import find_first
from retrato.prompts.translate import genderless, is_unsaid
from retrato.prompts.vocabulary import vocabulary

_CHARS = 80
_WORDS = 12
_ARTICLE = re.compile(r"^(?:a|an|the) ")
# Numbers that begin with a vowel's sound: 8, 80 to 89, 11, 18.
_VOWEL_SOUND = re.compile(r"[aeiou]|8\d?\b|1[18]\b", re.IGNORECASE)


def with_article(words: str) -> str:
    """*words* with *a* or *an* before them."""
    return f"an {words}" if _VOWEL_SOUND.match(words) else f"a {words}"


def joined(parts: Sequence[str]) -> str:
    """The parts that are not empty, as in *a, b and c*."""
    *rest, last = [part for part in parts if part] or [""]
    return f"{', '.join(rest)} and {last}" if rest else last


def in_english(text: str | None) -> str:
    """
    A phrase such as *a navy blazer and a white shirt*, for *blazer azul-marinho e camisa branca*.

    Adjectives go before their noun, *iluminação de estúdio* becomes *studio light*. A phrase without a single
    word of the vocabulary passes through as it was written; empty where nothing is said.
    """
    words = genderless(phrase(text, chars=_CHARS, words=_WORDS))
    if is_unsaid(" ".join(words)):
        return ""
    known = vocabulary()
    if not any(find_first(words[at:], {**known.things, **known.qualities})[0] for at in range(len(words))):
        return " ".join(words)
    return _Phrase().read(words)


class _Phrase:
    """
    Collects one noun with what belongs to it, then the next.

    Before the noun stand its qualities, then what followed *de*, the last first: a *soft studio light*, a *blue
    silk
    blouse*, *tortoiseshell frame glasses*.
    """

    def __init__(self) -> None:
        self._said: list[str] = []
        self._begin_noun()

    def read(self, words: Sequence[str]) -> str:
        while words:
            words = words[self._take(words) :]
        self._close()
        return " ".join(self._said)

    def _begin_noun(self) -> None:
        self._noun = ""
        self._qualities: list[str] = []
        self._kinds: list[str] = []
        self._after_of = False

    def _take(self, words: Sequence[str]) -> int:
        """Take what *words* begin with; how many they were."""
        known = vocabulary()
        joining, join = find_first(words, known.joins)
        things, thing = find_first(words, known.things)
        qualities, quality = find_first(words, known.qualities)
        if self._after_of and (things or qualities):
            self._kinds.insert(0, _ARTICLE.sub("", thing or quality))
            self._after_of = False
            return things or qualities
        if qualities and (self._noun or not things):
            # What stands nearest in Portuguese stands nearest in English: "vestido preto elegante".
            self._qualities.insert(0 if self._noun else len(self._qualities), quality)
            return qualities
        if things:
            if self._noun:
                self._close()
            self._noun = thing
            return things
        if joining:
            self._join(join, words[joining:])
            return joining
        self._qualities.append(words[0])
        return 1

    def _join(self, join: str, following: Sequence[str]) -> None:
        if not join:
            self._after_of = bool(self._noun)
            return
        # "sorriso confiante e acolhedor": both belong to the smile.
        known = vocabulary()
        if (
            join == "and"
            and find_first(following, known.qualities)[0]
            and not find_first(following, known.things)[0]
        ):
            return
        self._close()
        self._said.append(join)

    def _close(self) -> None:
        bare = _ARTICLE.sub("", self._noun)
        kinds = [kind.removesuffix(bare).strip() for kind in self._kinds]  # "brincos de argola" are hoop earrings
        words = " ".join(filter(None, [*self._qualities, *kinds, bare]))
        article = self._noun.removesuffix(bare).strip()
        if article:
            # What something is on is somebody's own.
            article = "the" if self._said[-1:] == ["on"] else article
            words = f"the {words}" if article == "the" else with_article(words)
        if words:
            self._said.append(words)
        self._begin_noun()
