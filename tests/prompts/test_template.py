import re

import pytest

from retrato.domain.errors import ConfigError
from retrato.prompts.template import FIELDS, STANDARD, Template


def test_fields_are_replaced_by_name():
    template = Template.parse("Photo of {identity}, {hair}.")

    assert template.fill({"identity": "a man", "hair": "red hair"}) == "Photo of a man, red hair."


def test_every_field_is_allowed():
    text = " ".join(f"{{{name}}}" for name in FIELDS)

    assert Template.parse(text).fill(dict.fromkeys(FIELDS, "x")) == "X" + " x" * (len(FIELDS) - 1)


@pytest.mark.parametrize(
    "field",
    [
        "face_id",
        "identity.__class__",
        "identity[0]",
        "identity!r",
        "identity:>9",
        "identity:{age}",
        "0",
        "",
        " hair",
    ],
)
def test_anything_but_a_known_name_is_refused(field: str):
    with pytest.raises(ConfigError, match=re.escape(f"unknown field {{{field}}}; the fields are identity, age,")):
        Template.parse(f"{{identity}} {{{field}}}")


@pytest.mark.parametrize("text", ["{identity} {", "{identity} }", "{identity", "{identity!}"])
def test_lonely_brace_is_explained(text: str):
    with pytest.raises(ConfigError, match="written twice"):
        Template.parse(text)


def test_template_that_does_not_say_who_it_is_is_refused():
    with pytest.raises(
        ConfigError, match=re.escape("{identity}, which says gender and age, is missing in 'A {hair}'")
    ):
        Template.parse("A {hair}")


def test_braces_in_values_and_doubled_ones_are_text():
    template = Template.parse("{{x}} {identity}")

    assert template.fill({"identity": "{role.__class__} {{age}}"}) == "{x} {role.__class__} {{age}}"


def test_empty_fields_leave_no_loose_signs():
    template = Template.parse("{identity}, {role}, {hair} , {trait}. {subject} fun.")

    assert (
        template.fill({"identity": "a man", "hair": "red hair", "subject": "he has"})
        == "A man, red hair. He has fun."
    )


def test_standard_wording_is_a_template():
    assert Template.parse(STANDARD)
