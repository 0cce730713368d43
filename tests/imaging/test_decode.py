import pytest
from PIL import Image
from tests.imaging.pictures import encoded, gradient

from retrato.imaging.decode import decode


def test_first_frame_of_an_animation_is_taken():
    still = gradient()
    data = encoded(still, "WEBP", save_all=True, append_images=[Image.new("RGB", still.size)], lossless=True)

    assert decode(data).tobytes() == still.tobytes()


def test_animated_png_gives_its_first_frame():
    still = gradient()
    data = encoded(still, "PNG", save_all=True, append_images=[Image.new("RGB", still.size)])

    assert decode(data).tobytes() == still.tobytes()


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_transparency_is_flattened_on_white(format_: str):
    picture = gradient().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))

    assert decode(encoded(picture, format_)).getextrema() == ((255, 255), (255, 255), (255, 255))


def test_transparent_palette_colour_is_flattened_on_white():
    picture = Image.new("P", (300, 300), 0)
    picture.putpalette([200, 10, 10])

    assert decode(encoded(picture, transparency=0)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["P", "L", "1", "LA", "PA"])
def test_other_modes_become_rgb(mode: str):
    format_ = "PNG" if mode != "PA" else "WEBP"
    data = encoded(gradient().convert(mode), format_)

    assert decode(data).mode == "RGB"


def test_cmyk_keeps_its_colours():
    data = encoded(gradient().convert("CMYK"), "JPEG", quality=95)

    left, right = (decode(data).getpixel((x, 256)) for x in (10, 500))

    assert abs(left[0] - right[0]) > 200
    assert left[2] == pytest.approx(90, abs=10)


def test_16_bit_grey_is_scaled_not_clipped():
    picture = Image.new("I;16", (300, 300), 0x8000)

    assert decode(encoded(picture)).getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_exif_orientation_is_applied(format_: str, orientation: int, stored: Image.Transpose | None):
    upright = gradient(400, 300)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = upright if stored is None else upright.transpose(stored)

    decoded = decode(encoded(lying, format_, exif=exif))

    assert decoded.size == (400, 300)
    red, green, _ = decoded.getpixel((395, 5))
    assert (red < 40, green < 40) == tuple(value < 40 for value in upright.getpixel((395, 5))[:2])


def test_damaged_exif_is_no_reason_to_refuse():
    data = encoded(gradient(), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")

    assert decode(data).size == (512, 512)


def test_nothing_of_the_file_hangs_on_the_decoded_picture():
    data = encoded(gradient(), "JPEG", comment=b"hello", dpi=(300, 300))

    assert decode(data).info == {}
