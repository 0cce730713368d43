"""Whom the picture shows where the row does not tell the gender."""

import pytest
from people import persona

from retrato.prompts.gender import with_gender
from retrato.prompts.told import told


def noun(*, names_tell: bool = True, **fields):
    return told(with_gender(persona(**fields), names_tell=names_tell)).noun


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("Diretora de Marketing", "woman"),
        ("Diretor de Produto e Imigração", "man"),
        ("Engenheira de Software", "woman"),
        ("Engenheiro de DevOps", "man"),
        ("Enfermeira Chefe", "woman"),
        ("Enfermeiro", "man"),
        ("Advogado de Conformidade", "man"),
        ("Advogada Tributarista", "woman"),
        ("CEO Fundador", "man"),
        ("CEO e Fundadora", "woman"),
        ("Cantora/Compositora", "woman"),
        ("Analista Brasileira", "woman"),
        ("Co-fundadora", "woman"),
        ("Vice-Diretora Comercial", "woman"),
        ("Desenvolvedora Sênior", "woman"),
        ("Consultora de Sucesso do Cliente", "woman"),
        ("Psicóloga", "woman"),
        ("Psicólogo", "man"),
        ("Fotógrafa", "woman"),
        ("Médica", "woman"),
        ("Médico", "man"),
        ("Técnica de Enfermagem", "woman"),
        ("Secretária Executiva", "woman"),
        ("Assistente Executiva", "woman"),
        ("Analista Financeira", "woman"),
        ("Arquiteta de Soluções", "woman"),
        ("Professora", "woman"),
        ("Coordenador de Projetos", "man"),
        ("Directora de Ventas", "woman"),
        ("Ingeniero de Datos", "man"),
        ("Ingeniera Civil", "woman"),
        ("Abogada", "woman"),
        ("Desarrollador Backend", "man"),
        ("Cocinera", "woman"),
        ("Jefa de Producto", "woman"),
        ("Vendedora", "woman"),
    ],
)
def test_the_form_of_a_role_tells_the_gender(role, expected):
    assert noun(name="X", role=role) == expected


@pytest.mark.parametrize(
    "role",
    [
        "Gerente de Conteúdo Imigratório",
        "Gerente de Engenharia de Software",
        "Gerente de Operações e Entrega",
        "Especialista em Vistos EUA",
        "Especialista em Engenharia Elétrica",
        "Analista de Segurança",
        "Analista Financeiro",
        "Agente de Suporte Bilíngue PT/EN",
        "Tester QA de Software",
        "Prompt Engineer para IA Conversacional",
        "Content Strategist Imigração",
        "Director of Sales",
        "Editor",
        "Professor",
        "Ambassador",
        "Camera Operator",
        "Opera Singer",
        "Yoga Teacher",
        "Data Scientist",
        "Diretor(a) de Marketing",
        "Engenheiro/a de Dados",
        "Advogad@",
        "Suporte ao Cliente",
        "Canada Visa Specialist",
        "Aurora Team Lead",
        "Media Planner",
        None,
        "",
    ],
)
def test_epicene_english_and_open_roles_leave_the_gender_open(role):
    assert noun(name="X", role=role) == "person"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Beatriz Oliveira", "woman"),
        ("João Pedro Martins", "man"),
        ("Thaís Ribeiro", "woman"),
        ("Matheus Lima", "man"),
        ("Maria José da Silva", "woman"),
        ("José Maria da Silva", "man"),
        ("Ana-Clara Souza", "woman"),
        ("Ximena Torres", "woman"),
        ("Joaquín Herrera", "man"),
        ("Emily Carter", "woman"),
        ("James Brown", "man"),
        ("Priya Sharma", "woman"),
        ("Rajesh Patel", "man"),
        ("Kenji Tanaka", "man"),
        ("Sakura Ito", "woman"),
        ("Mohammed Al-Farsi", "man"),
        ("Fatima Zahra", "woman"),
        ("Svetlana Ivanova", "woman"),
        ("Björn Lindqvist", "man"),
        ("Dra. Souza", "woman"),
        ("Dr. Carlos Souza", "man"),
        ("Silva, João", "man"),
        ("Yuki Tanaka", "person"),
        ("Alex Costa", "person"),
        ("Taylor Smith", "person"),
        ("Ariel Santos", "person"),
        ("ARVA Bot 7", "person"),
        ("[A GERAR]", "person"),
        ("田中", "person"),
        ("", "person"),
    ],
)
def test_the_first_name_tells_the_gender_where_it_is_not_shared(name, expected):
    assert noun(name=name) == expected


def test_names_that_italian_men_share_with_women_follow_the_nationality():
    assert noun(name="Andrea Rossi", nationality="Itália") == "man"
    assert noun(name="Andrea Lima", nationality="Brasil") == "woman"


def test_names_tell_nothing_when_they_are_turned_off():
    assert noun(name="Beatriz", names_tell=False) == "person"
    assert noun(name="Beatriz", role="Diretora", names_tell=False) == "woman"


def test_a_feminine_role_goes_before_the_name_and_a_clear_womans_name_before_a_masculine_role():
    assert noun(name="Carlos", role="Diretora") == "woman"
    assert noun(name="Juliana", role="Advogado de Conformidade") == "woman"
    assert noun(name="Alex", role="Advogado") == "man"


@pytest.mark.parametrize("told_gender", ["masculino", "M", "male"])
def test_what_the_row_tells_is_never_overruled(told_gender):
    assert noun(name="Beatriz", role="Diretora", gender=told_gender) == "man"


def test_nonbinary_and_unreadable_genders_are_not_overruled():
    assert noun(name="Beatriz", role="Diretora", gender="não-binário") == "non-binary person"
    assert noun(name="Beatriz", role="Diretora", gender="prefiro outro") == "person"


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("A tall woman with curly hair", "woman"),
        ("Homem de 40 anos, barba curta", "man"),
        ("Mulher de cabelo liso", "woman"),
        ("She wears large glasses", "woman"),
        ("He has a beard", "man"),
        ("a man and a woman", "person"),
        ("short hair", "person"),
    ],
)
def test_woman_and_man_in_prose_are_read(prose, expected):
    assert noun(name="X", appearance=prose) == expected


def test_unknown_is_not_a_gender():
    assert noun(name="Beatriz", gender="não informado") == "woman"
    assert noun(name="Beatriz", gender="  ") == "woman"
