import hashlib

import pytest
from PIL import Image, PngImagePlugin
from tests.imaging.pictures import encoded, gradient, opened

from retrato.imaging.finish import finish, finish_now


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_accepted_format_becomes_an_rgb_jpeg_of_the_wanted_size(format_: str):
    data = encoded(gradient(), format_)

    picture = finish_now(data, width=512, height=512)

    image = opened(picture.image)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (512, 512))
    assert (picture.width, picture.height) == (512, 512)
    assert picture.sha256 == hashlib.sha256(picture.image).hexdigest()


def test_thumbnail_is_a_small_jpeg_of_200_by_200():
    picture = finish_now(encoded(gradient()), width=512, height=512)

    thumbnail = opened(picture.thumbnail)
    assert (thumbnail.format, thumbnail.mode, thumbnail.size) == ("JPEG", "RGB", (200, 200))
    assert len(picture.thumbnail) < 20_000


@pytest.mark.parametrize("size", [(256, 256), (300, 900), (900, 300), (1024, 768), (2000, 2000)])
def test_any_other_size_and_ratio_is_brought_to_the_wanted_one(size: tuple[int, int]):
    picture = finish_now(encoded(gradient(*size)), width=640, height=512)

    assert opened(picture.image).size == (640, 512)


def test_crop_keeps_the_centre():
    wide = Image.new("RGB", (1200, 400), "red")
    wide.paste(gradient(400, 400), (400, 0))

    picture = finish_now(encoded(wide), width=400, height=400)

    corner = opened(picture.image).getpixel((5, 5))
    assert corner[2] == pytest.approx(90, abs=20)  # the red sides have no blue


def test_same_input_gives_the_same_bytes():
    data = encoded(gradient(700, 600), "WEBP")

    first, second = (finish_now(data, width=512, height=512) for _ in range(2))

    assert first == second


async def test_finish_gives_what_finish_now_gives():
    data = encoded(gradient())

    assert await finish(data, width=512, height=512) == finish_now(data, width=512, height=512)


def test_prompt_in_exif_comment_and_colour_profile_do_not_survive():
    exif = Image.Exif()
    exif[0x010E] = "secret prompt"
    exif[0x9286] = b"ASCII\0\0\0secret prompt"
    data = encoded(gradient(), "JPEG", exif=exif, comment=b"secret prompt", icc_profile=b"secret profile")

    picture = finish_now(data, width=512, height=512)

    assert b"secret prompt" in data
    assert b"secret" not in picture.image + picture.thumbnail
    assert not opened(picture.image).getexif()


def test_prompt_in_png_text_does_not_survive():
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "secret prompt")
    data = encoded(gradient(), "PNG", pnginfo=text)

    picture = finish_now(data, width=512, height=512)

    assert b"secret" in data
    assert b"secret" not in picture.image + picture.thumbnail
    assert set(opened(picture.image).info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density", "xmp"}


def test_picture_and_thumbnail_say_that_a_machine_made_them():
    picture = finish_now(encoded(gradient()), width=512, height=512)

    for data in (picture.image, picture.thumbnail):
        assert b"digitalsourcetype/trainedAlgorithmicMedia" in opened(data).info["xmp"]
