"""A role becomes English, whole and in the order of English, or a word of it is left out; its head never is."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import persona

from retrato.prompts.clean import folded
from retrato.prompts.compose import compose
from retrato.prompts.lookup import LONGEST_ENTRY
from retrato.prompts.role import ROLE_WORDS, field_in_english, role_in_english
from retrato.prompts.role_words import Sort, role_terms
from retrato.prompts.tokens import CLIP_ROOM, clip_tokens

ROLES = [
    (role, english.split(" | "))
    for line in Path(__file__).with_name("roles.tsv").read_text(encoding="utf-8").splitlines()
    for role, english in [line.split("\t")]
]
"""Each with the English that is right for it; written before the vocabulary was."""
WORD = re.compile(r"[a-z]+")


@pytest.mark.parametrize(("role", "accepted"), ROLES)
def test_role_of_the_list_becomes_english(role: str, accepted: list[str]):
    assert role_in_english(role) in accepted


@pytest.mark.parametrize("written", [str.upper, str.lower, folded])
def test_role_of_the_list_becomes_the_same_english_however_it_is_written(written):
    wrong = {
        role: said
        for role, accepted in ROLES
        if (said := role_in_english(written(role))).lower() not in map(str.lower, accepted)
    }

    assert wrong == {}


def test_no_role_of_the_list_is_lost_or_cut_in_a_prompt():
    for name in ("Ana", "Maximiliana Wolfeschlegelsteinhausen"):
        for role, accepted in ROLES:
            prompt = compose(persona(name=name, role=role, nationality="brasileiros", gender="feminino"))

            assert any(f", {english}." in prompt for english in accepted), prompt
            assert clip_tokens(prompt) <= CLIP_ROOM


def test_no_word_of_a_role_that_is_foreign_alone_is_said():
    """A word that the vocabulary only has as foreign never stands in the English of any role."""
    own = {
        word for terms in role_terms().values() for term in terms for word in WORD.findall(folded(term.english))
    }
    foreign = {
        word for words, terms in role_terms().items() if terms[0].sort is not Sort.PLACE for word in words.split()
    } - own

    said = {word for role, _ in ROLES for word in WORD.findall(folded(role_in_english(role)))}

    assert said & foreign == set()


@pytest.mark.parametrize(
    ("role", "english"),
    [
        ("Gerente de Marketing Digital", "digital marketing manager"),
        ("Desenvolvedora Full Stack", "full stack developer"),
        ("Engenheiro(a) de Software Pleno", "mid-level software engineer"),
        ("DIRETORA EXECUTIVA", "chief executive"),
        ("Vice-Presidente de Operações", "vice president of operations"),
        ("Head de Vendas", "head of sales"),
        ("Presidente", "president"),
        ("Coordenadora de Projetos e Processos", "project and process coordinator"),
        ("Técnico de Segurança do Trabalho", "workplace safety technician"),
        ("Analista Financeira Jr.", "junior financial analyst"),
        ("Especialista em SEO", "SEO specialist"),
        ("Secretária Executiva", "executive secretary"),
        ("Arquiteta de Soluções", "solutions architect"),
        ("Suporte ao Cliente", "customer support"),
        ("Operações de TI", "IT operations"),
    ],
)
def test_portuguese_role_becomes_english_in_english_order(role: str, english: str):
    assert role_in_english(role) == english


@pytest.mark.parametrize(
    ("role", "english"),
    [
        ("CEO", "CEO"),
        ("Senior Software Engineer", "senior software engineer"),
        ("Director of Marketing", "director of marketing"),
        ("C++ Developer", "C++ developer"),
        ("MS Project Planner", "MS project planner"),
        ("DevOps I/O Engineer", "DevOps I/O engineer"),
        ("Pickleball Coach", "pickleball coach"),
        ("Luthier", "luthier"),
    ],
)
def test_english_role_passes_through(role: str, english: str):
    assert role_in_english(role) == english


def test_cut_role_keeps_its_noun_and_ends_in_no_small_word():
    role = "Especialista em Planejamento Estratégico e Desenvolvimento de Negócios"

    assert role_in_english(role, words=5) == "strategic planning specialist"


@pytest.mark.parametrize("role", [None, "", " ", "-", "N/A", "null", "A definir", "não informado", "...", "''"])
def test_role_that_says_nothing_is_left_out(role: str | None):
    assert role_in_english(role) == ""


@pytest.mark.parametrize(
    ("role", "english"),
    [
        ("Gerente de Xablau", "manager"),
        ("Xablau de Vendas", "sales professional"),
        ("Analista de Dados Xablântico", "data analyst"),
        ("Desenvolvedor FooStack", "FooStack developer"),
        ("Consultora SAP ZX", "SAP ZX consultant"),
        ("Zorbador de Dados", "data worker"),
        ("& Dados", "data"),
        ("Chefe e Dados", "head of data"),
        ("Zorbologista", "zorbologist"),
        ("Terapeuta Zorkiana", "therapist"),
        ("Xablau", ""),
    ],
)
def test_unknown_word_is_left_out_unless_it_looks_english(role: str, english: str):
    assert role_in_english(role) == english


@pytest.mark.parametrize(
    ("role", "english"),
    [
        ("Diretor(a) de Vendas", "sales director"),
        ("Diretor/a de Vendas", "sales director"),
        ("Diretor/Diretora de Vendas", "sales director"),
        ("Advogad@ Trabalhista", "labour lawyer"),
        ("Coord. de R.H.", "HR coordinator"),
        ("Compras/Logística", "purchasing and logistics"),
        ("Gerente de Operações, Logística e Transporte", "operations, logistics and transport manager"),
        ("Analista de Dados - Sênior (Fintech)", "senior fintech data analyst"),
        ("Gerente de Projeto e Qualidade", "project and quality manager"),
        ("Diretor de Produto para Portugal e Espanha", "product director for Portugal and Spain"),
        ("Presidente do Brasil", "president of Brazil"),
        ("Gestão de Processos Administrativos e Financeiros", "administrative and financial process management"),
    ],
)
def test_role_is_read_however_its_words_are_joined(role: str, english: str):
    assert role_in_english(role) == english


def test_form_for_any_gender_is_no_address():
    assert ", labour lawyer." in compose(persona(role="Advogad@ Trabalhista"))


@pytest.mark.parametrize(
    ("words", "english"), [(7, "data and information security analyst"), (3, "data analyst"), (1, "analyst")]
)
def test_long_role_loses_what_matters_least(words: int, english: str):
    assert role_in_english("Analista de Dados e Segurança da Informação", words=words) == english


def test_department_is_a_field_and_nobody():
    assert field_in_english("Segurança") == "security"
    assert role_in_english("Segurança") == "security guard"


@given(
    st.lists(
        st.sampled_from(sorted(role_terms())[::7])
        | st.sampled_from(["&", "/", "-", "(", ")", ",", ".", "de", "e", "para", "em", "com", "of", "x"])
        | st.text(max_size=8),
        max_size=14,
    ).map(" ".join),
    st.integers(1, ROLE_WORDS),
)
def test_whatever_a_role_holds_it_is_said_in_one_short_line(text: str, words: int):
    for said in (role_in_english(text, words=words), field_in_english(text, words=words)):
        assert said == " ".join(said.split())
        assert len(said) <= 60


def test_hostile_role_costs_little():
    began = time.process_time()
    for filler in ("a ", "de ", "e ", "gerente ", "(", "- ", "x/", "as-"):
        role_in_english(filler * 5000)

    assert time.process_time() - began < 2


def test_keys_of_the_roles_are_written_as_they_are_looked_up():
    keys = list(role_terms())

    assert keys == [folded(key) for key in keys]
    assert max(len(key.split()) for key in keys) <= LONGEST_ENTRY
