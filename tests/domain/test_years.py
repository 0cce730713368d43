"""Ages as rows write them."""

from datetime import date

import pytest

from retrato.domain.years import years_in, years_since

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("34", 34), ("34 anos", 34), ("34.0", 34), ("30-35", 32), ("30\u201335", 32), ("30 a 35 anos", 32),
        ("30 anos a 35 anos", 32), ("entre 30 e 35", 32), ("entre 30 y 35 años", 32), ("between 30 and 35", 32),
        ("30 to 35", 32), ("[30,36)", 32), ("{30,35}", 32), ("30s", 35), ("early 30s", 32), ("late thirties", 38),
        ("mid-30s", 35), ("trinta e poucos", 32), ("treinta y pico", 32), ("30 e poucos anos", 32),
        ("na casa dos trinta", 35), ("final dos 40", 48), ("quarenta anos", 40), ("trinta e cinco", 35),
        ("thirty-five", 35), ("treinta y cinco", 35), ("quarentão", 45), ("quase quarenta", 39), ("50+", 50),
        ("mais de 50", 50), ("under 30", 23), ("meia-idade", 50), ("35 anos, 10 de experiência", 35),
        ("a definir\n30-35", 32),
    ],
)  # fmt: skip
def test_age_is_read_as_people_write_it(text: str, years: int):
    assert years_in(text) == years


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "abc",
        "-5",
        "0",
        "999",
        "12345",
        "150",
        "1,68 m",
        "80 kg",
        "1990",
        "17/05/1990",
        "17/05/90",
        "200-300",
    ],
)
def test_what_is_no_age_is_none(text: str | None):
    assert years_in(text) is None


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1990-05-17", 36), ("1990-12-17", 35), ("1990-05-17 00:00:00+00", 36), ("17/05/1990", 36),
        ("17/05/90", 36),
        ("12/31/1990", 35), ("1990", 36), ("nascida em 1990", 36), ("2099", None), ("1800", None),
        ("99/99/1990", None),
        ("abc", None), (None, None),
    ],
)  # fmt: skip
def test_birth_tells_the_age_of_today(text: str | None, years: int | None):
    assert years_since(text, today=TODAY) == years
