"""Whatever was accepted can be written."""

import pytest
from PIL import Image
from tests.imaging.pictures import encoded, opened

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.finish import finish_now


def noise(size: int) -> Image.Image:
    """Every byte by chance: the finest grain there is."""
    return Image.merge("RGBA", [Image.effect_noise((size, size), 120) for _ in range(4)])


@pytest.mark.parametrize("size", [256, 700, 1024])
@pytest.mark.parametrize(
    ("mode", "format_"),
    [
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("L", "PNG"),
        ("1", "PNG"),
        ("I;16", "PNG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("RGB", "WEBP"),
        ("RGBA", "WEBP"),
        ("RGB", "AVIF"),
    ],
)
def test_fine_grain_is_written_in_every_mode(mode: str, format_: str, size: int):
    grain = noise(size)
    source = grain.getchannel(0).convert("I").point(lambda value: value * 257) if mode == "I;16" else grain
    options = {"quality": 95} if format_ != "PNG" else {}
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(source.convert(mode), format_, exif=exif, **options)

    for wanted in (256, 1024):
        picture = finish_now(data, width=wanted, height=wanted)
        assert opened(picture.image).size == (wanted, wanted)
        assert opened(picture.thumbnail).size == (200, 200)


@pytest.mark.parametrize("error", [OSError, MemoryError, ValueError, RecursionError])
@pytest.mark.parametrize("step", ["encode_image", "encode_thumbnail", "check_content", "_fit", "decode"])
def test_whatever_finishing_raises_is_a_refusal(
    step: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise error("no room")

    monkeypatch.setattr(f"retrato.imaging.normalise.{step}", fail)

    with pytest.raises(UnusablePictureError, match="no room"):
        finish_now(encoded(noise(300), "PNG"), width=256, height=256)
