import json

import pytest
from people import crowd, persona, settle

from retrato.domain.look import Look
from retrato.prompts.draw import draw_look, suits
from retrato.prompts.faces import faces


def test_same_persona_and_attempt_give_the_same_look():
    assert draw_look(persona(), attempt=2) == draw_look(persona(), attempt=2)


def test_each_attempt_is_another_face():
    fingerprints = {draw_look(persona(), attempt=attempt).fingerprint for attempt in range(32)}

    assert len(fingerprints) == 32


def test_look_survives_json():
    look = draw_look(persona(gender="masculino"), attempt=1)

    assert Look.from_dict(json.loads(json.dumps(look.to_dict()))) == look


def test_look_of_another_release_is_read_without_what_is_unknown():
    written = draw_look(persona(), attempt=0).to_dict()

    assert Look.from_dict({**written, "ears": "large"}).to_dict() == written


@pytest.mark.parametrize("wrong", [{"skin": None}, {"attempt": "0"}, {"hair": ["black"]}])
def test_what_is_no_look_is_refused(wrong: dict[str, object]):
    written = draw_look(persona(), attempt=0).to_dict()

    with pytest.raises(ValueError, match=next(iter(wrong))):
        Look.from_dict({**written, **wrong})


def test_fingerprint_is_about_the_face_and_not_about_the_scene():
    look = draw_look(persona(), attempt=0)
    written = look.to_dict()

    dressed = Look.from_dict({**written, "clothes": "a hat", "light": "moonlight", "attempt": 9})
    dyed = Look.from_dict({**written, "hair": "green hair"})

    assert dressed.fingerprint == look.fingerprint
    assert dyed.fingerprint != look.fingerprint


def test_what_the_row_says_is_drawn():
    row = {"pele_tom": "negra", "cabelo": "crespo, curto, preto", "olhos_cor": "verdes", "barba": "cavanhaque"}

    look = draw_look(persona(gender="m", nationality="brasileiros", biometrics=json.dumps(row)), attempt=0)

    assert (look.skin, look.hair, look.eyes, look.beard) == (
        "dark brown skin",
        "short coily black hair",
        "green eyes",
        "a goatee",
    )
    assert look.origin == "Black Brazilian"


@pytest.mark.parametrize(
    ("ethnicity", "nationality", "origin"),
    [
        ("negra", "brasileiros", "Black Brazilian"),
        ("parda", "brasileiros", "mixed-race Brazilian"),
        ("indígena", "Brasil", "Indigenous Brazilian"),
        ("negra", "Japão", "Black Japanese"),
        ("Sámi", "nordicos", "Sámi Nordic"),
        ("asiática", None, "East Asian"),
    ],
)
def test_ethnicity_of_the_row_goes_with_its_nationality(ethnicity: str, nationality: str | None, origin: str):
    assert draw_look(persona(ethnicity=ethnicity, nationality=nationality), attempt=0).origin == origin


def test_nationality_stands_for_the_peoples_who_share_it():
    looks = [
        draw_look(somebody, attempt=0) for somebody in crowd(1000, nationality="brasileiros", biometrics=None)
    ]

    shares = {said: sum(look.origin == said for look in looks) / 1000 for said in {look.origin for look in looks}}

    assert shares.keys() == {
        "mixed-race Brazilian",
        "Brazilian",
        "white Brazilian",
        "Black Brazilian",
        "Japanese Brazilian",
        "Indigenous Brazilian",
    }
    assert 0.36 < shares["mixed-race Brazilian"] < 0.48
    assert 0.09 < shares["Black Brazilian"] < 0.17


def test_changed_work_or_name_leaves_the_look():
    look = draw_look(persona(gender="f", nationality="Brasil", age=30, role="CEO"), attempt=0)

    assert suits(persona(gender="f", nationality="Brasil", age=31, role="CFO", name="Bia"), look)


@pytest.mark.parametrize(
    "change", [{"gender": "m"}, {"nationality": "Japão"}, {"biometrics": '{"olhos_cor": "azuis"}'}]
)
def test_changed_appearance_does_not_suit_the_look(change: dict[str, str]):
    row = {"gender": "f", "nationality": "Brasil", "age": 30}
    look = draw_look(persona(**row), attempt=0)

    assert not suits(persona(**{**row, **change}), look)


def test_grey_hair_does_not_suit_somebody_who_turns_out_young():
    looks = (draw_look(persona(age=70), attempt=attempt) for attempt in range(20))
    grey = next(look for look in looks if "grey" in look.hair)

    assert suits(persona(age=60), grey)
    assert not suits(persona(age=25), grey)


def test_search_ends_where_the_row_leaves_one_face():
    row = {"rosto": "oval", "cabelo": "careca", "pele": "clara", "acessorios": "óculos", "barba": "cavanhaque"}
    twins = crowd(60, gender="m", age=30, nationality="Brasil", biometrics=json.dumps(row))

    looks = settle(twins)

    assert len({look.fingerprint for look in looks}) == 60
    assert max(look.attempt for look in looks) == 32


@pytest.mark.parametrize(
    ("gender", "nationality", "age"),
    [("feminino", "Nigéria", 25), ("não-binário", "Japão", 25), ("masculino", "nordicos", 30)],
)
def test_ten_thousand_of_one_origin_gender_and_age_find_a_face_each(gender: str, nationality: str, age: int):
    looks = settle(crowd(10_000, gender=gender, nationality=nationality, age=age, biometrics=None))

    assert len({look.fingerprint for look in looks}) == 10_000
    assert not any(look.twin for look in looks)


def test_every_name_in_the_data_leads_somewhere():
    data = faces()
    palettes = {origin.palette for origins in data.origins.values() for origin in origins}
    textures = {texture for palette in data.palettes.values() for texture in palette.textures}

    assert set(data.regions.values()) | {"anywhere", "elsewhere"} == data.origins.keys()
    assert palettes <= data.palettes.keys()
    assert {name for names in data.ethnicities.values() for name in names} <= data.palettes.keys()
    assert all(styles.keys() == textures for styles in data.styles.values())
