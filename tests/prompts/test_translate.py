import pytest

from retrato.prompts.clean import folded
from retrato.prompts.lookup import LONGEST_ENTRY
from retrato.prompts.translate import nationality_in_english
from retrato.prompts.vocabulary import vocabulary


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
