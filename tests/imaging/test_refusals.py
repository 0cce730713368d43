import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.imaging.pictures import encoded, gradient, png_of_declared_size

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.decode import MAX_BYTES
from retrato.imaging.finish import finish_now

FORMATS = ["JPEG", "PNG", "WEBP", "AVIF"]


def refusal_of(data: bytes) -> str:
    with pytest.raises(UnusablePictureError) as caught:
        finish_now(data, width=256, height=256)
    return str(caught.value)


def test_nothing_is_refused():
    assert "0 bytes" in refusal_of(b"")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b'{"error": "Model is loading"}', 'JSON (\'{"error": "Model is loading"}\')'),
        (b'  [{"a": 1}]', "JSON"),
        (b"{broken", "text like JSON ('{broken')"),
        (b"<!DOCTYPE html>\n<title>502</title>", "HTML or XML ('<!DOCTYPE html> <title>502</title>')"),
        (b"\xef\xbb\xbf<svg xmlns='a'/>", "HTML or XML"),
        ("não há crédito".encode(), "text ('não há crédito')"),
        (b"GIF89a" + bytes(50), "unknown bytes (47 49 46 38"),
        (bytes(range(256)), "unknown bytes (00 01"),
    ],
)
def test_what_came_instead_is_named(data: bytes, named: str):
    message = refusal_of(data)

    assert named in message
    assert "JPEG, PNG, WebP, AVIF" in message


def test_only_the_beginning_of_a_text_is_quoted_even_when_it_is_cut_within_a_character():
    message = refusal_of("é".encode() * 3001)

    assert "é" * 80 in message
    assert "é" * 81 not in message


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.99])
def test_truncated_picture_is_refused(format_: str, kept: float):
    noise = Image.merge("RGB", [Image.effect_noise((300, 300), 90)] * 3)
    data = encoded(noise, format_)

    assert "damaged" in refusal_of(data[: int(len(data) * kept)])


@pytest.mark.parametrize(("format_", "behind_the_pixels"), [("JPEG", 2), ("PNG", 16), ("WEBP", 0), ("AVIF", 0)])
def test_picture_without_the_last_byte_of_its_pixels_is_refused(format_: str, behind_the_pixels: int):
    grain = Image.merge("RGB", [Image.effect_noise((300, 300), 90)] * 3)
    data = encoded(grain, format_)
    missing = behind_the_pixels + (20 if format_ == "JPEG" else 1)  # a last block's grain may be made up

    assert "wanted" in refusal_of(data[:-missing])


def test_too_many_bytes_are_refused_unread():
    assert str(MAX_BYTES) in refusal_of(bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("size", [(5001, 5000), (12_000, 12_000), (60_000, 60_000), (1_000_000, 1)])
def test_decompression_bomb_is_refused_by_its_declared_size(size: tuple[int, int]):
    assert f"{size[0]} x {size[1]} pixels" in refusal_of(png_of_declared_size(*size))


@pytest.mark.parametrize("size", [(255, 1024), (1024, 255), (1, 1)])
def test_side_under_256_pixels_is_refused(size: tuple[int, int]):
    message = refusal_of(encoded(gradient(*size)))

    assert f"{size[0]} x {size[1]} pixels" in message
    assert "256" in message


def test_black_picture_is_refused():
    assert "black" in refusal_of(encoded(Image.new("RGB", (512, 512), (7, 0, 3)), "PNG"))


@pytest.mark.parametrize("colour", ["white", "grey", "#0a0a0a", "#ff0000"])
def test_uniform_picture_is_refused(colour: str):
    assert "one colour" in refusal_of(encoded(Image.new("RGB", (512, 512), colour), "JPEG"))


def test_fully_transparent_picture_is_refused():
    picture = gradient()
    picture.putalpha(0)

    assert "one colour" in refusal_of(encoded(picture))


def test_dark_portrait_is_kept():
    picture = gradient().point(lambda value: value // 12)

    assert finish_now(encoded(picture), width=256, height=256)


@pytest.mark.parametrize(
    "lie", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b"\0\0\0 ftypavif"]
)
def test_magic_bytes_alone_make_no_picture(lie: bytes):
    assert "damaged" in refusal_of(lie + bytes(200))


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_raise_nothing_else(data: bytes):
    assert refusal_of(data)


@given(
    magic=st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\x40\0\0\0WEBPVP8 ", b"\0\0\0 ftypavif"]
    ),
    data=st.binary(max_size=300),
)
def test_random_bytes_behind_true_magic_raise_nothing_else(magic: bytes, data: bytes):
    assert refusal_of(magic + data)


@pytest.mark.parametrize("format_", FORMATS)
def test_damaged_pictures_are_kept_or_refused_and_raise_nothing_else(format_: str):
    dice = random.Random(20_261_122)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded(gradient(256, 256), format_, exif=exif)

    for _ in range(120):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(min(len(data), 800))] = dice.randrange(256)
        with contextlib.suppress(UnusablePictureError):
            finish_now(bytes(data), width=256, height=256)
