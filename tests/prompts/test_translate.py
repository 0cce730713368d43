import pytest

from retrato.prompts.clean import folded
from retrato.prompts.lookup import LONGEST_ENTRY
from retrato.prompts.translate import nationality_in_english, role_in_english
from retrato.prompts.vocabulary import vocabulary


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
        ("Luthier de Alaúdes", "luthier de alaúdes"),
    ],
)
def test_english_and_unknown_roles_pass_through(role: str, english: str):
    assert role_in_english(role) == english


def test_cut_role_keeps_its_noun_and_ends_in_no_small_word():
    role = "Especialista em Planejamento Estratégico e Desenvolvimento de Negócios"

    assert role_in_english(role, words=5) == "strategic planning specialist"


@pytest.mark.parametrize("role", [None, "", " ", "-", "N/A", "null", "A definir", "não informado", "...", "''"])
def test_role_that_says_nothing_is_left_out(role: str | None):
    assert role_in_english(role) == ""


@pytest.mark.parametrize(
    ("nationality", "english"),
    [
        ("brasileiros", "Brazilian"),
        ("americanos", "American"),
        ("europeus", "European"),
        ("latinos", "Latin American"),
        ("asiaticos", "Asian"),
        ("indianos", "Indian"),
        ("arabes", "Arab"),
        ("africanos", "African"),
        ("nordicos", "Nordic"),
        ("russos", "Russian"),
        ("Mexicana-Americana", "Mexican-American"),
        ("Canadense-Americana", "Canadian-American"),
        ("Brasileira-Americana", "Brazilian-American"),
        ("Brasil", "Brazilian"),
        ("Brasileira Americana", "Brazilian American"),
        ("mulher brasileira", "Brazilian"),
        ("alemã", "German"),
        ("Japonesas", "Japanese"),
        ("europeia", "European"),
        ("Coreia do Sul", "South Korean"),
        ("Portuguese", "Portuguese"),
        ("Guarani", "Guarani"),
        ("não informado", ""),
        (None, ""),
    ],
)
def test_nationality_becomes_an_english_demonym(nationality: str | None, english: str):
    assert nationality_in_english(nationality) == english


def test_vocabulary_keys_are_written_as_they_are_looked_up():
    keys = [key for table in vocabulary().model_dump().values() for key in table]

    assert keys == [folded(key) for key in keys]
    assert max(len(key.split()) for key in keys) <= LONGEST_ENTRY
