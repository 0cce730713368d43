"""What the docs name exists, and what exists is named in the docs."""

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

from retrato.cli import app
from retrato.domain import errors
from retrato.domain.faults import POLICIES, Fault
from retrato.providers.prices import PRICES
from retrato.providers.registry import BUILDERS
from retrato.settings import Settings, unknown_variables
from retrato.store.mapping import HostMapping
from retrato.store.status import STATES

ROOT = Path(__file__).parents[2]
READMES = {name: (ROOT / name).read_text() for name in ("README.md", "README.pt-BR.md")}
README = READMES["README.md"]
PROVIDERS = (ROOT / "docs/providers.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OPERATIONS = [ROOT / "Dockerfile", *(path for path in ROOT.glob("deploy/**/*.*") if path.is_file())]

ADOPTING = (ROOT / "docs/adopting.md").read_text()
IN_RETRATO_TOML = ("host", "prompts")
"""Settings that are whole sections."""

COMMANDS = typer.main.get_command(app).commands
SETTING_ROW = re.compile(r"^\| `(RETRATO_[A-Z_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _tree(error):
    return {error} | {below for child in error.__subclasses__() for below in _tree(child)}


def _as_documented(default, nothing):
    match default:
        case None | ():
            return nothing
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{','.join(map(str, default))}`"
        case _:
            return f"`{default}`"


def _options(command):
    """Also those of its own commands, where it has some (`retrato queue`)."""
    ours = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    return ours.union(*(_options(one) for one in getattr(command, "commands", {}).values()))


def _slug(heading):
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(page):
    return {_slug(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)}


each_readme = pytest.mark.parametrize("readme", READMES)


@each_readme
def test_settings_table_has_every_setting_with_its_default(readme):
    nothing = {"README.md": "none", "README.pt-BR.md": "nenhum"}[readme]
    documented = {name: default for name, default, _ in SETTING_ROW.findall(READMES[readme])}
    settings = {
        f"RETRATO_{name.upper()}": _as_documented(field.default, nothing)
        for name, field in Settings.model_fields.items()
        if name not in IN_RETRATO_TOML
    }

    assert sorted(settings.keys() - documented.keys()) == [], f"rows that {readme} lacks"
    assert sorted(documented.keys() - settings.keys()) == [], f"rows of {readme} that no setting has"
    assert documented == settings


def test_sections_of_retrato_toml_are_documented():
    keys = {field.name for field in fields(HostMapping)} - {
        "ready_when",
        "regenerate_on_change",
        "placeholder_pictures",
    }

    assert [section for section in IN_RETRATO_TOML if f"`[{section}]`" not in README] == []
    assert sorted(key for key in keys if f"`{key}`" not in ADOPTING) == []


@pytest.mark.parametrize("page", [*PAGES, *OPERATIONS], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_a_page_names_exists(page):
    named = re.findall(r"RETRATO_[A-Z][A-Z_]*[A-Z]", page.read_text())

    assert unknown_variables(dict.fromkeys(named, "")) == []


@each_readme
def test_other_names_of_keys_are_documented(readme):
    aliases = {
        name for field in Settings.model_fields.values() for name in getattr(field.validation_alias, "choices", ())
    }

    assert {name for name in aliases if f"`{name}`" not in READMES[readme]} == set()


@each_readme
def test_commands_table_has_every_command(readme):
    documented = set(re.findall(r"^\| `retrato ([a-z]+)", READMES[readme], re.MULTILINE))

    assert sorted(set(COMMANDS) - documented) == [], f"rows that {readme} lacks"
    assert sorted(documented - set(COMMANDS)) == [], f"rows of {readme} that no command has"


@each_readme
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_table_has_every_option(readme, name):
    row = next((line for line in READMES[readme].splitlines() if line.startswith(f"| `retrato {name}")), "")

    assert {option for option in _options(COMMANDS[name]) - {"--json"} if option not in row} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_on_a_page_is_understood(page):
    lines = re.findall(r"(?:`|^|bin/)retrato ([a-z]+)([^`\n#|]*)", page.read_text(), re.MULTILINE)

    unknown = {name for name, _ in lines if name not in COMMANDS}
    foreign = {
        (name, option)
        for name, words in lines
        if name in COMMANDS
        for option in re.findall(r"--[A-Za-z-]+", words)
        if option not in _options(COMMANDS[name]) | {"--help"}
    }

    assert (unknown, foreign) == (set(), set())


def _code_lines(page):
    blocks = re.findall(r"^```(?:bash|sql)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]


SAME_IN_ALL_LANGUAGES = {
    "headings": lambda page: re.findall(r"^#+ ", page, re.MULTILINE),
    "lines of code": _code_lines,
    "rows": lambda page: re.findall(r"^\| (`[^`]+`|\d+) \|", page, re.MULTILINE),
    "links": lambda page: [link for link in LINK.findall(page) if not link.startswith("README")],
    "names in code": lambda page: re.findall(r"`([\w.]+\(.*?|--[\w-]+|[A-Z_]{5,}|/\w+)`", page),
}


@pytest.mark.parametrize("what", SAME_IN_ALL_LANGUAGES)
def test_translation_has_what_the_readme_has(what):
    english, portuguese = (Counter(SAME_IN_ALL_LANGUAGES[what](page)) for page in READMES.values())

    assert sorted((english - portuguese).elements()) == [], f"{what} that README.pt-BR.md lacks"
    assert sorted((portuguese - english).elements()) == [], f"{what} that only README.pt-BR.md has"


def test_readmes_lead_to_each_other_at_the_top():
    tops = {name: "".join(text.splitlines()[:3]) for name, text in READMES.items()}

    assert "(README.pt-BR.md)" in tops["README.md"]
    assert "(README.md)" in tops["README.pt-BR.md"]


def test_every_error_class_is_documented():
    assert {
        error.__name__ for error in _tree(errors.RetratoError) if f"`{error.__name__}`" not in ARCHITECTURE
    } == set()


def test_every_fault_is_documented():
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", PROVIDERS, re.MULTILINE))

    assert documented >= {fault.value for fault in Fault}


@pytest.mark.parametrize("fault", list(Fault))
def test_faults_table_says_what_the_policy_does(fault):
    row = next(line for line in PROVIDERS.splitlines() if line.startswith(f"| `{fault}` |"))
    _, _, _, _, next_leg, closed, person, _ = row.split("|")
    policy = POLICIES[fault]

    assert (next_leg.strip().startswith("yes"), closed.strip() != "no", person.strip() == "yes") == (
        policy.next_leg,
        policy.breaker is not None,
        policy.alert,
    )


def test_prices_are_those_of_the_code():
    documented = dict(re.findall(r"^\| `([a-z]+/[a-z-]+)` \| ([0-9.]+) \|", PROVIDERS, re.MULTILINE))

    assert {leg: float(price) for leg, price in documented.items()} == {
        leg: price.of(1024, 1024) for leg, price in PRICES.items()
    }


def test_every_provider_is_documented():
    assert {name for name in BUILDERS if f"`{name}/" not in PROVIDERS} == set()


def test_every_state_is_documented():
    documented = set(re.findall(r"^\| `([a-z]+)` \|", ARCHITECTURE, re.MULTILINE))

    assert documented >= set(STATES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page):
    targets = [target.partition("#") for target in LINK.findall(page.read_text()) if "://" not in target]

    broken = [path for path, _, _ in targets if not (page.parent / path).exists()]
    lost = [
        anchor
        for path, _, anchor in targets
        if anchor and anchor not in _anchors(page.parent / path if path else page)
    ]

    assert (broken, lost) == ([], [])


def test_every_decision_is_in_the_list():
    listed = set(re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text()))

    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md")}


def test_paths_named_in_the_architecture_exist():
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_.]*)`", ARCHITECTURE)

    assert [
        path for path in named if not any((ROOT / top / path).exists() for top in ("", "daemon/retrato"))
    ] == []


def test_make_targets_that_pages_name_exist():
    targets = set(re.findall(r"^([a-z.]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for page in PAGES for name in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)
    }

    assert named <= targets
