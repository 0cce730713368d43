"""Strangers' text made harmless: one line, no control characters, of bounded length."""

import re
import unicodedata

_READ_AT_MOST = 4000
"""Characters looked at; the rest of a longer text cannot matter and need not be worked on."""
_NOT_OF_A_PHRASE = re.compile(r"[^\w\s&+#/'-]|_")
_GENDER_ENDINGS = re.compile(r"(?<=\w{3})\s?[(/](?:as?|os?|es|ra|x)\)?(?=\W|$)", re.IGNORECASE)


def line(text: str | None, *, chars: int, words: int) -> str:
    """*text* on one line, without control characters, cut between words to at most *chars* and *words*."""
    folded = unicodedata.normalize("NFC", (text or "")[:_READ_AT_MOST])
    # Categories C*: control and format characters, lone surrogates, unassigned.
    visible = "".join(" " if character.isspace() else character for character in folded)
    visible = "".join(character for character in visible if not unicodedata.category(character).startswith("C"))
    kept: list[str] = []
    for word in visible.split()[:words]:
        if len(" ".join([*kept, word])) > chars:
            break
        kept.append(word)
    return " ".join(kept) or visible.strip()[:chars]


def phrase(text: str | None, *, chars: int, words: int) -> str:
    """
    Like :func:`line`, and only what a name for something needs: letters, digits and ``& + # / ' -``.

    Without full stops, commas and quotes a field cannot begin a sentence of its own. ``(a)`` and ``/a``,
    as in *Desenvolvedor(a)*, are dropped.
    """
    compatible = unicodedata.normalize("NFKC", (text or "")[:_READ_AT_MOST])
    spoken = _NOT_OF_A_PHRASE.sub(" ", without_gender_endings(compatible))
    lettered = " ".join(word for word in spoken.split() if any(map(str.isalnum, word)) or word == "&")
    return line(lettered, chars=chars, words=words)


def without_gender_endings(text: str) -> str:
    """*text* with *Diretor* for *Diretor(a)*, *Advogado* for *Advogado/a*."""
    return _GENDER_ENDINGS.sub("", text)


def folded(text: str) -> str:
    """*text* in lower case without accents, single spaces: the form in which words are looked up."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(character for character in bare if not unicodedata.combining(character)).split())
