import json

import pytest
from people import persona

from retrato.prompts.age import age_of
from retrato.prompts.phrases import in_english
from retrato.prompts.told import Told, told

SYSTEM_PROMPT = {
    "descricao_fisica_completa": {
        "idade_aparente": "30-35",
        "etnia": "parda",
        "pele_tom": "morena clara",
        "olhos": {"cor": "castanhos escuros", "formato": "amendoados"},
        "cabelo": {"cor": "castanho escuro", "comprimento": "longo", "estilo": "solto", "textura": "ondulado"},
        "tipo_fisico": "atlético",
        "altura_aproximada": "1,68 m",
        "expressao_tipica": "sorriso confiante e acolhedor",
        "estilo_roupa_padrao": "blazer azul-marinho e camisa branca",
        "acessorios_permanentes": ["relógio", "óculos de armação preta"],
        "caracteristicas_distintivas": ["covinhas", "pinta no queixo"],
    },
    "parametros_consistencia": {
        "rendering_style": "photorealistic",
        "lighting": "iluminação de estúdio suave",
        "background": "escritório moderno desfocado",
    },
    "metadata_geracao": {"versao": 3},
}


def test_system_prompt_of_the_host_is_read():
    row = persona(gender="feminino", nationality="brasileiros", system_prompt=json.dumps(SYSTEM_PROMPT))

    assert told(row) == Told(
        noun="woman",
        demonym="Brazilian",
        ethnicity="mixed-race",
        skin="light brown",
        hair_colour="dark brown",
        hair_length="long",
        hair_texture="wavy",
        hair_style="worn loose",
        eyes="almond-shaped dark brown",
        glasses="black frame glasses",
        accessories="a watch",
        trait="dimples and a mole on the chin",
        expression="a welcoming confident smile",
        clothes="a navy blazer and a white shirt",
        light="soft studio light",
        background="blurred modern office",
    )
    assert age_of(row) == 32


def test_biometrics_are_read():
    biometrics = {
        "idade_aparente": 42,
        "genero": "masculino",
        "etnia": "negra",
        "cabelo_cor": "preto",
        "cabelo_comprimento": "curto",
        "cabelo_estilo": "crespo",
        "olhos_cor": "castanhos",
        "pele_tom": "negra",
        "expressao_facial_padrao": "séria",
        "estilo_vestimenta_padrao": "terno cinza e gravata azul",
        "acessorios_permanentes": "nenhum",
        "caracteristicas_distintivas": "barba bem aparada",
    }
    row = persona(biometrics=json.dumps(biometrics))

    assert told(row) == Told(
        noun="man",
        ethnicity="Black",
        skin="dark brown",
        hair_colour="black",
        hair_length="short",
        hair_texture="coily",
        eyes="brown",
        beard="a trimmed beard",
        accessories="none",
        expression="a serious expression",
        clothes="a grey suit and a blue tie",
    )
    assert age_of(row) == 42


def test_portuguese_prose_is_read():
    prose = (
        "Mulher de 38 anos, pele clara com sardas, cabelos ruivos, longos e ondulados, olhos verdes, sorriso "
        "caloroso. Usa óculos redondos e blusa de seda azul."
    )
    row = persona(gender="feminino", appearance=prose)

    assert told(row) == Told(
        noun="woman",
        skin="light",
        hair_colour="red",
        hair_length="long",
        hair_texture="wavy",
        eyes="green",
        glasses="round glasses",
        trait="freckles",
        expression="a warm smile",
        clothes="a blue silk blouse",
    )
    assert age_of(row) == 38


def test_english_prose_is_read():
    prose = "A tall woman with long curly black hair, brown eyes and olive skin, wearing a red dress"

    assert told(persona(gender="F", appearance=prose)) == Told(
        noun="woman",
        skin="olive",
        hair_colour="black",
        hair_length="long",
        hair_texture="curly",
        eyes="brown",
        clothes="a red dress",
    )


def test_unknown_words_pass_through():
    row = persona(
        biometrics=json.dumps({"pele_tom": "cor de jambu", "cabelo_cor": "azul-turquesa", "etnia": "Sámi"}),
        appearance="Xablau esplendorosa",
    )

    assert told(row) == Told(
        noun="person", ethnicity="Sámi", skin="jambu", hair_colour="azul-turquesa", trait="Xablau esplendorosa"
    )


def test_nationality_in_the_place_of_the_ethnicity_is_no_ethnicity():
    row = told(persona(ethnicity="brasileiros"))

    assert (row.demonym, row.ethnicity) == ("Brazilian", "")


def test_system_prompt_goes_before_the_other_texts_and_they_fill_its_gaps():
    row = told(
        persona(
            system_prompt='```json\n{"olhos_cor": "verdes"}\n```',
            biometrics='{"olhos_cor": "azuis", "pele_tom": "clara"}',
            physical_appearance='{"skin_tone": "olive", "hair": {"color": "auburn"}}',
            appearance="olhos pretos, rosto oval",
        )
    )

    assert (row.eyes, row.skin, row.hair_colour, row.face) == ("green", "light", "auburn", "oval")


def test_prose_of_a_system_prompt_is_not_an_appearance():
    row = persona(system_prompt="Você é a Ana e fala com os olhos verdes de esperança.")

    assert told(row) == Told(noun="person")


def test_womans_beard_is_a_mistake():
    row = told(
        persona(gender="feminino", biometrics='{"barba": "cheia", "caracteristicas_distintivas": "bigode"}')
    )

    assert (row.beard, row.trait) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "{" * 20_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"idade": ' + "9" * 10_000 + "}",
        '{"idade": NaN, "olhos_cor": null, "cabelo": [[[["x"]]]], "pele": true}',
        "[1, 2]",
        '"text"',
        "{]}",
        "\0\ud800{}",
    ],
    ids=lambda text: text[:12].encode(errors="replace").decode(),
)
def test_hostile_json_says_nothing(text: str):
    row = persona(system_prompt=text, biometrics=text, physical_appearance=text)

    assert told(row) == Told(noun="person")


@pytest.mark.parametrize(
    ("portuguese", "english"),
    [
        ("blazer azul-marinho e camisa branca", "a navy blazer and a white shirt"),
        ("camisa de linho branca", "a white linen shirt"),
        ("camisa social azul clara", "a light blue dress shirt"),
        ("vestido preto elegante", "an elegant black dress"),
        ("traje social", "business clothes"),
        ("iluminação de estúdio suave", "soft studio light"),
        ("luz natural", "natural light"),
        ("pinta no queixo", "a mole on the chin"),
        ("cicatriz na testa", "a scar on the forehead"),
        ("professional studio lighting", "professional studio lighting"),
        ("modern office background", "modern office background"),
        ("não informado", ""),
        (None, ""),
    ],
)
def test_phrase_becomes_english_in_english_order(portuguese: str | None, english: str):
    assert in_english(portuguese) == english


@pytest.mark.parametrize(
    ("fields", "years"),
    [
        ({"age": 41, "experience_years": 1}, {41}),
        ({"biometrics": '{"idade_aparente": "30-35"}', "experience_years": 1}, {32}),
        ({"experience_years": 9}, set(range(31, 40))),
        ({"experience_years": 0}, set(range(22, 31))),
        ({"experience_years": -5}, set(range(22, 31))),
        ({"experience_years": 10**30}, {65}),
        ({"age": 0, "experience_years": 10}, set(range(32, 41))),
        ({}, set(range(28, 36))),
    ],
)
def test_age_is_told_or_guessed_within_the_hosts_own_range(fields: dict[str, object], years: set[int]):
    ages = {age_of(persona(id=f"persona-{number}", **fields)) for number in range(200)}

    assert ages == years
