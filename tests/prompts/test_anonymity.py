"""Nothing that identifies a person leaves the house in a prompt; what says how somebody works or looks does."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import persona

from retrato.prompts.anonymity import without_identity
from retrato.prompts.clean import folded
from retrato.prompts.compose import compose
from retrato.prompts.role import role_in_english
from retrato.prompts.template import Template

WORDS = Template.parse("{identity} | {role} | {industry} | {company}")

CONTACTS = [
    "ana.souza@acme.com.br",
    "<ana+lojas@acme.co>",
    "ana.souza\uff20acme.com",
    "ana [at] acme [dot] com",
    "ana(arroba)acme(ponto)com",
    "@anasouza",
    "@ana.souza_1",
    "+55 (11) 91234-5678",
    "11912345678",
    "(11) 3456-7890",
    "555-1234",
    "+1-202-555-0143",
    "123.456.789-09",
    "12345678909",
    "12.345.678/0001-95",
    "12.ABC.345/01DE-35",
    "12.345.678-x",
    "https://www.linkedin.com/in/ana-souza",
    "http://acme.example/~ana",
    "www.anasouza.com.br",
    "linkedin.com/in/anasouza",
    "anasouza.com.br",
    "mailto://ana",
]
FIELDS = ["role", "department", "specialty", "industry"]


def said_of(**fields):
    return folded(compose(persona(**fields), template=WORDS))


@pytest.mark.parametrize("contact", CONTACTS)
@pytest.mark.parametrize("around", ["Florista {}", "{} florista", "Florista ({})", "Florista, tel: {}", "{}"])
@pytest.mark.parametrize("field", FIELDS)
def test_address_and_number_in_a_field_of_work_stay_in_the_house(contact, around, field):
    said = said_of(name="X", **{field: around.format(contact)})

    pieces = re.findall(r"[a-z]{3,}|[0-9]{3,}", folded(contact))
    assert [piece for piece in pieces if piece in said.replace("persona", "")] == []
    assert ("florist" in said) == ("lorista" in around)


@pytest.mark.parametrize(
    "field",
    [
        "descricao_fisica",
        "cabelo",
        "olhos_cor",
        "pele_tom",
        "rosto",
        "roupa",
        "acessorios",
        "fundo",
        "iluminacao",
        "etnia",
    ],
)
@pytest.mark.parametrize("contact", [*CONTACTS[:2], CONTACTS[7], CONTACTS[12], CONTACTS[-2], "Ana Souza", "Souza"])
def test_description_of_an_appearance_identifies_nobody(field, contact):
    described = json.dumps({field: f"azul {contact}"}, ensure_ascii=False)

    said = folded(compose(persona(name="Ana Souza", biometrics=described, appearance=f"Olhos azuis de {contact}")))

    assert "souza" not in said
    assert "acme" not in said
    assert re.search(r"\d{3}", said) is None or "85mm" in said


@pytest.mark.parametrize("field", ["nationality", "ethnicity", "gender", "appearance"])
def test_name_in_any_other_field_stays_in_the_house(field):
    said = folded(compose(persona(name="Ana Souza", **{field: "Ana Souza, ana@souza.com"})))

    assert "souza" not in said


@pytest.mark.parametrize(
    "role",
    [
        "Ana Carolina Pereira de Souza - Florista",
        "Florista: Ana Souza",
        "ANA SOUZA, florista",
        "ana souza florista",
        "Souza, Ana; florista",
        "Florista Carolina",
        "Florista (A. C. Souza)",
        "Florista A Souza",
        "Florista Âna Sôuza",
        "Florista Ana\u0301 Souza",
        "Florista Ana-Carolina",
        "Florista ana.souza",
        "Florista ana_souza",
        "Florista anasouza",
        "Florista souzaana",
        "Florista asouza",
        "Florista AnaSouza",
        "Florista SouzaFlores",
        "Florista SouzaTech",
        "Florista souzaflores",
        "Florista Souza's",
        "Florista ana123",
        "Florista da Souza & Pereira",
        "Florista\u200b Ana\u00a0Souza",
        "Florista\u3000\uff21\uff4e\uff41",
    ],
)
def test_name_in_a_role_stays_in_the_house_however_it_is_written(role):
    said = said_of(name="Ana Carolina Pereira de Souza", role=role)

    assert "florist" in said
    assert not {"ana", "carolina", "pereira", "souza"} & set(re.findall("[a-z]+", said))
    assert "souza" not in said


def test_role_that_is_nothing_but_a_name_is_none():
    assert said_of(name="Ana Souza", role="Ana Souza", specialty="Flores") == said_of(name="X", specialty="Flores")


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Rosa", "Florist"),
        ("Rosa Lima", "Florista"),
        ("Tom Baker", "Baker"),
        ("Tom Baker", "Head Baker"),
        ("Mary Cook", "Cook"),
        ("João Ferreiro", "Ferreiro"),
        ("Ana Sales", "Sales Manager"),
        ("Ana Vendas", "Gerente de Vendas"),
        ("José Silva Júnior", "Analista Júnior"),
        ("Gerente de Vendas", "Gerente de Vendas"),
        ("Analista de Dados", "Analista de Dados Sênior"),
        ("Ana Porto", "Gerente de Aeroporto"),
        ("Otto Pinto", "Pintor"),
        ("Ana Silva", "Silvicultora"),
        ("Al De", "Analista de TI"),
        ("Ti Li", "Analista de TI"),
        ("E. Dos", "Técnico em Edificações"),
        ("", "Florista"),
        ("Ana", "Desenvolvedor Node.js"),
        ("Ana", "ASP.NET Developer"),
        ("Ana", ".NET Developer"),
        ("Ana", "C++ Developer"),
        ("Ana", "Auditor ISO 27001"),
        ("Ana", "DevOps I/O Engineer"),
        ("Ana", "Analista 24/7"),
        ("Ana", "Especialista em Web 3.0"),
    ],
)
def test_role_that_only_resembles_a_name_or_an_address_stays(name, role):
    assert said_of(name=name, role=role).split(" | ")[1] == folded(role_in_english(role))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ana Branco", "a white shirt"),
        ("Rosa Lima", "pink blouse"),
        ("Ana Castanho", "brown"),
        ("Rosa Branca", "a white shirt"),
    ],
)
def test_colour_that_is_also_a_name_is_still_seen(name, said):
    described = json.dumps(
        {"roupa": "camisa branca" if "white" in said else "blusa rosa", "olhos_cor": "castanhos"},
        ensure_ascii=False,
    )

    assert said in compose(persona(name=name, biometrics=described))


@pytest.mark.parametrize("company", ["ARVA Tech Solutions", "McKinley Advogados", "Wework Padaria"])
def test_company_in_a_role_stays_in_the_house(company):
    said = said_of(name="X", role=f"Florista na {company}", empresa_name=None)
    clean = compose(persona(name="X", role=f"Florista na {company}", empresa_name=company))

    assert folded(company.split()[0]) in said
    assert folded(company.split()[0]) not in folded(clean)
    assert "florist" in clean


def test_company_that_is_named_after_its_work_costs_no_role_its_words():
    clean = compose(persona(name="X", role="Analista de Marketing Digital", empresa_name="Marketing Digital"))

    assert "digital marketing analyst" in clean


def test_wording_may_name_the_company_but_not_its_addresses():
    assert said_of(empresa_name="Souza Flores contato@souza.com", name="Ana Souza").endswith("souza flores")


def test_prompt_of_the_application_stays_as_it_is():
    ready = "Portrait of Ana Souza, ana@souza.com"

    assert compose(persona(name="Ana Souza", ready_prompt=ready)) == ready


@given(st.text(), st.text())
def test_whatever_the_row_holds_nothing_is_raised(text: str, name: str):
    without_identity(text, name)
    without_identity(f"{name} {text} {name}", name, is_role=True)


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 5000,
        "a." * 5000,
        "@" * 5000,
        "a [at] " * 2000,
        "1.2" * 3000,
        "ana " * 2000,
        "AaAa" * 2000,
        "www." * 2000,
    ],
)
def test_long_text_is_read_in_no_time(text):
    began = time.perf_counter()

    without_identity(text, "Ana Carolina Souza")

    assert time.perf_counter() - began < 2
