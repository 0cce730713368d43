"""The catalogues are whole, and everything visible is in them."""

import gettext
import io
import re
from datetime import UTC, datetime

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from retrato.console import words
from retrato.console.texts import LANGUAGES, LOCALES, texts
from retrato.domain.faults import Fault
from retrato.store.status import STATES

CONSOLE = LOCALES.parent
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true"}


def _keys():
    found = extract_from_dir(
        CONSOLE,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"templates/**.html": JINJA},
        keywords={"_": None, "N_": None, "ngettext": (1, 2), "gettext": None},
    )
    return {message for _, _, message, _, _ in found}


def _catalogue(tag):
    path = LOCALES / tag.replace("-", "_") / "LC_MESSAGES/console.po"
    with path.open("rb") as file:
        return path, read_po(file, locale=tag.replace("-", "_"))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_text_is_translated(tag):
    _, catalogue = _catalogue(tag)
    translated = {
        message.id
        for message in catalogue
        if message.id and all(message.string if message.pluralizable else [message.string])
    }

    assert _keys() - translated == set()
    assert translated - _keys() == set()


@pytest.mark.parametrize("tag", LANGUAGES)
def test_compiled_catalogue_is_that_of_the_texts(tag):
    path, catalogue = _catalogue(tag)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)

    with path.with_suffix(".mo").open("rb") as file:
        kept = _messages(gettext.GNUTranslations(file))
    assert kept == _messages(gettext.GNUTranslations(compiled)), "compile the catalogues: docs/console.md"


def _messages(translations):
    return {key: text for key, text in translations._catalog.items() if key}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_placeholders_are_the_same_in_every_language(tag):
    _, catalogue = _catalogue(tag)

    def names(text):
        return set(re.findall(r"%\((\w+)\)s", text))

    for message in catalogue:
        if message.pluralizable:
            assert all(names(text) <= names(message.id[1]) for text in message.string)
        else:
            assert names(message.string) == names(message.id)


def test_templates_hold_no_text_outside_the_catalogues():
    bare = {}
    for template in (CONSOLE / "templates").glob("*.html"):
        text = re.sub(
            r"{#.*?#}|{% trans.*?endtrans %}|{%.*?%}|{{.*?}}", " ", template.read_text(), flags=re.DOTALL
        )
        said = re.findall(r">([^<>]*[A-Za-zÀ-ú]{3,}[^<>]*)<", text)
        if said := [one.strip() for one in said if one.strip() not in {"Retrato", "· Retrato", "retrato run"}]:
            bare[template.name] = said

    assert bare == {}


def test_every_state_and_fault_has_words():
    assert set(words.STATES) == set(words.STATES_OF_MANY) == set(words.ICONS) == set(STATES)
    assert set(words.FAULTS) >= {fault.value for fault in Fault}


def test_every_icon_is_there():
    icons = (CONSOLE / "static/icon.svg").read_text()

    assert {icon for icon in words.ICONS.values() if f'id="{icon}"' not in icons} == set()


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", ("1,234", "US$ 1,234.50", "US$ 0.025", "7.3 s", "2 h 10 min", "22 Nov 2026, 18:05 UTC", "99%")),
        (
            "pt-BR",
            ("1.234", "US$ 1.234,50", "US$ 0,025", "7,3 s", "2 h 10 min", "22 de nov de 2026, 18:05 UTC", "99 %"),
        ),
    ],
)
def test_numbers_and_dates_are_the_languages(tag, said):
    spoken = texts(tag)

    assert (
        spoken.number(1234),
        spoken.usd(1234.5),
        spoken.usd(0.025),
        spoken.seconds(7.3),
        spoken.span(7800),
        spoken.when(datetime(2026, 11, 22, 18, 5, tzinfo=UTC)),
        spoken.percent(0.999),
    ) == said


def test_plurals_are_those_of_the_language():
    portuguese = texts("pt-BR").translations

    one, many = "Force %(number)s picture", "Force %(number)s pictures"

    assert isinstance(portuguese, gettext.GNUTranslations)
    assert [portuguese.ngettext(one, many, number) for number in (1, 2)] == [
        "Forçar %(number)s retrato",
        "Forçar %(number)s retratos",
    ]
