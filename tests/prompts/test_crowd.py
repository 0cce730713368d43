"""Ten thousand personas as the hosts' tables hold them, and what must be true of every single prompt."""

import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from people import crowd, settle

from retrato.domain.look import Look
from retrato.domain.persona import Persona
from retrato.prompts import tokens
from retrato.prompts.age import age_of
from retrato.prompts.clean import folded
from retrato.prompts.compose import compose
from retrato.prompts.draw import draw_look
from retrato.prompts.tokens import clip_tokens
from retrato.prompts.vocabulary import vocabulary

CLIP_LIMIT = 77
T5_LIMIT = 512

MALE = re.compile(r"\b(?:he|his|him|man|men|male|beard|stubble|goatee|moustache|shaven|bald|thinning|tie)\b")
FEMALE = re.compile(r"\b(?:she|her|hers|woman|women|female|earrings|blouse|dress|pixie|bob|ponytail|beauty)\b")
BEARD = re.compile(r"\b(?:beard|stubble|goatee|moustache|shaven)\b")
GREY_HAIR = re.compile(r"\b(?:grey|greying|silver|white)\b")
YEARS_IN_WORDS = re.compile(
    r"\b(?:young|youthful|boyish|girlish|boy|girl|teenage|elderly|aged|old(?<!year-old))\b"
)
NEGATIONS = re.compile(
    r"\b(?:no|not|without|never|avoid|8k|4k|masterpiece|hyperrealistic|best quality)\b", re.IGNORECASE
)
WRONG_ARTICLE = re.compile(r"\ba (?:[aeio]|8|11-|18-)|\ban (?:[^aeiou81]|1[^18]|1[18][^-])", re.IGNORECASE)
DOUBLED = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)

Drawn = tuple[Persona, Look, str]


@cache
def everybody() -> tuple[Drawn, ...]:
    personas = crowd(10_000)
    return tuple(
        (somebody, look := draw_look(somebody, attempt=0), compose(somebody, look)) for somebody in personas
    )


@pytest.fixture(scope="module")
def clip() -> Callable[[str], int]:
    """Counts tokens by CLIP's own byte pair encoding, which the package carries inside."""
    if sys.version_info >= (3, 13):
        pytest.skip("instant-clip-tokenizer has no wheel for this Python")
    from instant_clip_tokenizer import Tokenizer  # noqa: PLC0415 - not there on every Python

    tokenizer = Tokenizer()
    return lambda text: len(tokenizer.encode(text))


def prompts(*, noun: str | None = None) -> list[str]:
    return [prompt for _, look, prompt in everybody() if noun in {None, look.noun}]


def offenders(pattern: re.Pattern[str], texts: list[str]) -> list[str]:
    return [text for text in texts if pattern.search(text)]


def test_women_have_nothing_male():
    assert offenders(MALE, prompts(noun="woman")) == []


def test_men_whose_row_does_not_say_so_have_nothing_female():
    drawn = [prompt for somebody, look, prompt in everybody() if look.noun == "man" and not somebody.biometrics]

    assert offenders(FEMALE, drawn) == []


@pytest.mark.parametrize("noun", ["non-binary person", "person"])
def test_who_is_neither_is_drawn_as_neither(noun: str):
    assert offenders(BEARD, prompts(noun=noun)) == []
    assert offenders(re.compile(r"\b(?:he|she|man|woman)\b", re.IGNORECASE), prompts(noun=noun)) == []


def test_nobody_is_grey_before_45_or_bald_and_lined_before_the_time():
    young = [look for somebody, look, _ in everybody() if age_of(somebody) < 45]
    under_30 = [f"{look.hair}, {look.trait}" for somebody, look, _ in everybody() if age_of(somebody) < 25]

    assert offenders(GREY_HAIR, [look.hair for look in young]) == []
    assert offenders(re.compile("bald|thinning|shaved|lines"), under_30) == []


def test_many_are_grey_at_66():
    hair = [look.hair for somebody, look, _ in everybody() if age_of(somebody) >= 66 and not somebody.biometrics]

    assert len(offenders(GREY_HAIR, hair)) > len(hair) / 2


def test_age_is_said_as_a_number_and_never_in_words():
    texts = prompts()

    assert offenders(YEARS_IN_WORDS, texts) == []
    assert all(len(re.findall(r"\d+-year-old", text)) == 1 for text in texts)


def test_nothing_is_asked_for_by_negation_or_by_magic_words():
    assert offenders(NEGATIONS, prompts()) == []


def test_sentences_are_english():
    texts = prompts()

    assert offenders(WRONG_ARTICLE, texts) == []
    assert offenders(DOUBLED, texts) == []
    assert offenders(re.compile(r"\s[,.]|,[,.]|\.\.|  |[{}]|(?:^|\. )[a-z]"), texts) == []


def test_no_portuguese_word_of_the_vocabulary_is_left():
    tables = [table for table in vocabulary().model_dump().values() if isinstance(table, dict)]
    keys = {word for table in tables for key in table for word in re.findall(r"[a-z]+", key)}
    portuguese = keys - tokens._known_words().keys()

    words = Counter(word for text in prompts() for word in re.findall(r"[a-z]+", folded(text)))

    assert {word: words[word] for word in portuguese & words.keys()} == {}


def test_prompt_is_read_to_its_end_by_both_encoders(clip: Callable[[str], int]):
    """
    CLIP is counted with its own vocabulary, beginning and end marked.

    T5's vocabulary is not at hand without a download: its pieces are never shorter than one character, spaces
    included, and one mark ends the text, so the number of characters is a bound that holds for any vocabulary.
    """
    marks = 2

    assert [text for text in prompts() if clip(text) + marks > CLIP_LIMIT] == []
    assert max(len(text) + 2 for text in prompts()) <= T5_LIMIT


def test_prompt_has_the_length_that_flux_likes():
    words = sorted(len(text.split()) for text in prompts())

    assert words[0] >= 45
    assert words[-1] <= 75
    assert words[len(words) // 5] >= 55


def test_own_words_are_counted_as_clip_counts_them(clip: Callable[[str], int]):
    counted = tokens._known_words()

    assert counted == {word: clip(word) for word in counted}


@pytest.mark.parametrize(
    "text", ["a 34-year-old woman, 85mm lens.", "salt-and-pepper", "São Paulo", "C++ & 日本", "ééé"]
)
def test_other_text_is_hardly_counted_short(clip: Callable[[str], int], text: str):
    assert clip_tokens(text) >= clip(text) - 1


def test_forty_of_one_company_and_nationality_are_forty_people():
    personas = crowd(40, nationality="brasileiros", biometrics=None)

    looks = settle(personas)
    said = [compose(somebody, look) for somebody, look in zip(personas, looks, strict=True)]

    assert len({look.fingerprint for look in looks}) == 40
    assert len(set(said)) == 40
    assert len({re.sub(r"^.*?\. ", "", text, count=1) for text in said}) == 40
