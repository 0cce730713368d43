"""The drawn faces: the same order gives the same bytes, another one another person."""

import itertools
import time

import pytest
from PIL import Image, ImageChops, ImageStat

from retrato.simulator.faces import draw_face, draw_pattern
from retrato.simulator.faces.palette import EYES, GREY, HAIR, SKIN
from retrato.simulator.faces.traits import read_traits
from retrato.simulator.pictures import Shot, Studio

_PROMPT = (
    "Head-and-shoulders portrait photograph of a 34-year-old Brazilian woman, senior data analyst. Natural skin "
    "texture with visible pores and fine lines, a few stray hairs. A warm, natural smile, looking at the camera, "
    "wearing a navy blazer over a white shirt. Pale plaster wall in the background, soft daylight."
)


def _difference(one: Image.Image, two: Image.Image) -> float:
    """Mean difference per channel, 0 … 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, two)).mean) / 3


async def test_same_order_gives_the_same_bytes():
    shot = Shot(prompt=_PROMPT, seed=7, width=512, height=512)

    assert await Studio(faces=True).develop(shot) == await Studio(faces=True).develop(shot)


@pytest.mark.parametrize("draw", [draw_face, draw_pattern])
def test_another_seed_is_another_person(draw: object):
    faces = [draw(_PROMPT, seed, 256, 256) for seed in range(8)]

    assert all(_difference(one, two) > 3 for one, two in itertools.combinations(faces, 2))


def test_another_prompt_is_another_person():
    one, two = (draw_face(f"portrait of persona {number}", 42, 256, 256) for number in range(2))

    assert _difference(one, two) > 3


@pytest.mark.parametrize("size", [(1024, 1024), (832, 1216), (1344, 768), (64, 64), (16, 16), (640, 1536)])
def test_face_has_the_size_that_was_ordered(size: tuple[int, int]):
    image = draw_face(_PROMPT, 7, *size)

    assert (image.size, image.mode) == (size, "RGB")


def test_words_of_the_prompt_are_followed():
    traits = read_traits(
        "a 63-year-old man with fair skin, short silver hair, blue eyes, a full beard and glasses, "
        "wearing a charcoal suit",
        7,
    )

    assert (traits.woman, traits.age, traits.beard, traits.garment) == (False, 63, "full", "suit")
    assert traits.glasses
    assert (traits.hair, traits.eyes) == (GREY["grey"], EYES["blue"])
    assert traits.skin in SKIN[:2]


@pytest.mark.parametrize(
    ("prompt", "woman", "age"),
    [
        ("a 34-year-old Brazilian woman", True, 34),
        ("portrait of a man in his 40s", False, 45),
        ("uma mulher, aged 51", True, 51),
        ("A man beside a woman, age 28", False, 28),
    ],
)
def test_gender_and_age_are_read(prompt: str, woman: bool, age: int):  # noqa: FBT001
    traits = read_traits(prompt, 7)

    assert (traits.woman, traits.age) == (woman, age)


@pytest.mark.parametrize(
    ("words", "colour"),
    [("long dark brown hair", "dark brown"), ("wavy auburn hair", "auburn"), ("a blonde woman", "blond")],
)
def test_hair_colour_is_read(words: str, colour: str):
    assert read_traits(f"a 30-year-old woman with {words} and brown eyes", 7).hair == HAIR[colour]


def test_beards_and_earrings_are_given_where_they_belong():
    people = [read_traits("portrait", seed) for seed in range(200)]

    assert {person.beard for person in people if person.woman} == {"none"}
    assert not any(person.earrings for person in people if not person.woman)


def test_face_is_drawn_fast():
    started = time.process_time()
    for seed in range(4):
        draw_face(_PROMPT, seed, 1024, 1024)

    # Usually 25 ms; the margin is for slow machines.
    assert (time.process_time() - started) / 4 < 0.15
