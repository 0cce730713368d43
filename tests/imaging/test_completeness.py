"""What is whole is kept, what is cut is refused, in every format: a picture that is thrown away was paid for."""

import random
import struct
import zlib

import pytest
from PIL import Image
from tests.imaging.pictures import encoded, gradient, opened, png, with_chunk

from retrato.domain.errors import UnusablePictureError
from retrato.imaging.decode import decode
from retrato.imaging.finish import finish_now

JPEGS = [
    pytest.param({"progressive": progressive, "subsampling": subsampling, **restarts}, id=str(number))
    for number, (progressive, subsampling, restarts) in enumerate(
        (progressive, subsampling, restarts)
        for progressive in (False, True)
        for subsampling in ("4:4:4", "4:2:0")
        for restarts in ({}, {"restart_marker_blocks": 7}, {"restart_marker_rows": 1})
    )
]
FORMATS = ["JPEG", "PNG", "WEBP", "AVIF"]


def picture(mode: str = "RGB") -> Image.Image:
    """Neither flat nor noise, of a size that no block fits."""
    grain = Image.effect_noise((517, 389), 40)
    return Image.merge("RGB", (grain, *gradient(517, 389).split()[:2])).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", JPEGS)
def test_whole_jpeg_is_decoded_to_the_same_pixels_with_and_without_its_end(mode: str, options: dict):
    data = encoded(picture(mode), "JPEG", quality=90, **options)
    expected = opened(data).convert("RGB").tobytes()

    for whole in (
        data,
        data[:-1],
        data[:-2],
        data[:-2] + b"\xff\xff\xd9",
        data + b"junk\xff\xd8\xff\xe0",
        data * 2,
    ):
        assert decode(whole).tobytes() == expected


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", JPEGS)
@pytest.mark.parametrize("end", [b"", b"\xff\xd9", b"\xff\xd0\xff\xd9", bytes(50) + b"\xff\xd9"])
def test_jpeg_that_is_cut_is_refused_whatever_end_it_was_given(mode: str, options: dict, end: bytes):
    data = encoded(picture(mode), "JPEG", quality=90, **options)

    for kept in (0.1, 0.3, 0.5, 0.75, 0.95, 0.99):
        with pytest.raises(UnusablePictureError, match="damaged"):
            decode(data[: int(len(data) * kept)] + end)


@pytest.mark.parametrize(
    "picture", [Image.new("RGB", (512, 512), (128, 128, 128)), gradient()], ids=["flat", "soft"]
)
@pytest.mark.parametrize("progressive", [False, True])
def test_cut_is_noticed_where_a_block_takes_few_bits(picture: Image.Image, *, progressive: bool):
    data = encoded(picture, "JPEG", progressive=progressive)

    assert decode(data)
    for cut in (64, 200, len(data) // 2):
        with pytest.raises(UnusablePictureError):
            decode(data[: -2 - cut] + b"\xff\xd9")


def test_progressive_jpeg_that_ends_between_two_scans_is_refused():
    data = encoded(gradient(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")

    with pytest.raises(UnusablePictureError, match="breaks off"):
        decode(data[: data.rindex(b"\xff\xc4", 0, last)] + b"\xff\xd9")


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_that_lacks_a_part_between_two_restarts_is_refused(*, progressive: bool):
    data = encoded(picture(), "JPEG", progressive=progressive, restart_marker_rows=1)
    start = data.index(b"\xff\xda")
    second, third = (data.index(mark, start) for mark in (b"\xff\xd1", b"\xff\xd2"))

    with pytest.raises(UnusablePictureError, match="breaks off"):
        decode(data[:second] + data[third:])


def test_side_segments_of_a_jpeg_do_not_matter():
    data = encoded(gradient(), "JPEG")
    segments = b"".join(
        b"\xff" + marker + struct.pack(">H", len(body) + 2) + body
        for marker, body in (
            (b"\xe1", b"Exif\0\0II*\0\xff\xff\xff\xff"),
            (b"\xe2", b"ICC_PROFILE\0\x05\x02broken"),
            (b"\xe2", b"MPF\0II*\0\x08\0\0\0\xff\xff"),
            (b"\xed", b"Photoshop 3.0\x008BIM\x04\x04\xff\xff"),
            (b"\xfe", b"\xff\xda\xff\xd9"),
        )
    )

    assert decode(data[:2] + segments + data[2:]).tobytes() == opened(data).tobytes()


SIDE_CHUNKS = {
    "wrong checksum": (b"tEXt", b"parameters\0a woman", 1),
    "long text": (b"tEXt", b"parameters\0" + b"x" * 2_000_000, None),
    "text that unpacks to much": (b"zTXt", b"parameters\0\0" + zlib.compress(bytes(50_000_000)), None),
    "international text that unpacks to much": (
        b"iTXt",
        b"workflow\0\1\0\0\0" + zlib.compress(bytes(50_000_000)),
        None,
    ),
    "text that does not unpack": (b"zTXt", b"parameters\0\0rubbish", None),
    "profile that unpacks to much": (b"iCCP", b"icc\0\0" + zlib.compress(bytes(50_000_000)), None),
    "broken profile": (b"iCCP", b"icc\0\0rubbish", None),
    "broken EXIF": (b"eXIf", b"II*\0\xff\xff\xff\xff", None),
    "short resolution": (b"pHYs", b"1", None),
    "short gamma": (b"gAMA", b"", None),
    "animation of no frames": (b"acTL", bytes(8), None),
    "animation of very many frames": (b"acTL", b"\xff" * 8, None),
    "unknown chunk": (b"prVt", b"rubbish", 1),
    "transparency with a wrong checksum": (b"tRNS", bytes(6), 1),
}


@pytest.mark.parametrize("chunk", SIDE_CHUNKS.values(), ids=SIDE_CHUNKS)
def test_side_chunk_of_a_png_does_not_matter(chunk: tuple[bytes, bytes, int | None]):
    still = gradient()

    assert decode(with_chunk(encoded(still), *chunk)).tobytes() == still.tobytes()


def test_broken_side_chunk_behind_the_rows_of_a_png_does_not_matter():
    data = encoded(gradient())
    broken = struct.pack(">I4s", 5, b"tEXt") + b"a\0bcd" + b"\0\0\0\1"

    assert decode(data[:-12] + broken + data[-12:]).tobytes() == gradient().tobytes()


@pytest.mark.parametrize("missing", [1, 4, 11, 12, 14, 16])
def test_png_with_all_its_rows_needs_no_end(missing: int):
    assert decode(encoded(gradient())[:-missing]).tobytes() == gradient().tobytes()


@pytest.mark.parametrize("missing", [17, 100])
def test_png_whose_rows_are_cut_is_refused(missing: int):
    with pytest.raises(UnusablePictureError, match="damaged"):
        decode(encoded(gradient())[:-missing])


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT"])
def test_wrong_checksum_of_what_is_needed_is_refused(kind: bytes):
    data = bytearray(encoded(gradient().quantize(64)))
    start = data.index(kind)
    (length,) = struct.unpack_from(">I", data, start - 4)
    data[start + 4 + length] ^= 1

    with pytest.raises(UnusablePictureError, match="checksum"):
        decode(bytes(data))


def _rows(width: int, height: int, *, depth: int, channels: int, interlaced: bool) -> list[bytes]:
    """Filtered rows of a picture, in the order in which they are written."""
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    dice = random.Random(7)
    return [
        b"\0" + dice.randbytes((len(range(left, width, across)) * depth * channels + 7) // 8)
        for left, top, across, down in passes
        for _ in range(top, height, down)
    ]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("last_row", ["as it is", "black"])
@pytest.mark.parametrize(
    ("colour", "depth", "channels"),
    [
        (0, 1, 1),
        (0, 4, 1),
        (0, 16, 1),
        (2, 8, 3),
        (2, 16, 3),
        (3, 2, 1),
        (4, 8, 2),
        (4, 16, 2),
        (6, 8, 4),
        (6, 16, 4),
    ],
)
def test_png_is_whole_with_its_last_row_alone(
    colour: int, depth: int, channels: int, last_row: str, *, interlaced: bool
):
    header = struct.pack(">IIBBBBB", 259, 261, depth, colour, 0, 0, int(interlaced))
    palette = [(b"PLTE", bytes(range(12)))] if colour == 3 else []
    rows = _rows(259, 261, depth=depth, channels=channels, interlaced=interlaced)
    if last_row == "black":
        rows[-1] = bytes(len(rows[-1]))

    def of(some: list[bytes]) -> bytes:
        return png(header, *palette, (b"IDAT", zlib.compress(b"".join(some))))

    assert decode(of(rows)).size == (259, 261)
    for missing in (1, 100):
        with pytest.raises(UnusablePictureError, match="damaged"):
            decode(of(rows[:-missing]))


def test_rows_in_very_many_chunks_and_bytes_behind_them_do_not_matter():
    data = encoded(gradient())
    start = data.index(b"IDAT")
    (length,) = struct.unpack_from(">I", data, start - 4)
    rows = data[start + 4 : start + 4 + length] + b"more"
    pieces = [(b"IDAT", rows[at : at + 3]) for at in range(0, len(rows), 3)]

    assert decode(png(data[16:29], *pieces) + b"junk").tobytes() == gradient().tobytes()


@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}, {"exif": b"Exif\0\0" + bytes(100)}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_is_judged_by_its_picture_alone(options: dict, mode: str):
    still = gradient().convert(mode)
    if mode == "RGBA":
        still.putalpha(Image.linear_gradient("L").resize(still.size))
    data = encoded(still, "WEBP", **options)
    expected = decode(data).tobytes()
    wrong_length = data[:4] + struct.pack("<I", 9) + data[8:]

    for whole in (data + b"junk", data + b"EXIF\xff\xff\xff\x7fcut", wrong_length):
        assert decode(whole).tobytes() == expected
    if b"EXIF" in data:
        assert decode(data[: data.rindex(b"EXIF") + 20]).tobytes() == expected


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_that_is_cut_is_refused_whatever_length_it_says(mode: str, options: dict, kept: float):
    still = picture(mode)
    if mode == "RGBA":
        still.putalpha(Image.effect_noise(still.size, 90))
    data = encoded(still, "WEBP", **options)
    start = max(data.find(kind) for kind in (b"VP8 ", b"VP8L"))
    (length,) = struct.unpack_from("<I", data, start + 4)
    cut = int(length * kept) // 2 * 2
    shorter = data[: start + 4] + struct.pack("<I", cut) + data[start + 8 : start + 8 + cut]

    for damaged in (data[: start + 8 + cut], shorter):
        with pytest.raises(UnusablePictureError, match="damaged"):
            decode(damaged)


def test_webp_animation_is_whole_with_its_first_frame():
    still = gradient()
    data = encoded(still, "WEBP", save_all=True, append_images=[picture().resize(still.size)] * 2, lossless=True)

    assert decode(data[: data.rindex(b"ANMF") + 100]).tobytes() == still.tobytes()


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_avif_that_is_cut_is_refused(kept: float):
    data = encoded(picture(), "AVIF")

    with pytest.raises(UnusablePictureError, match="damaged"):
        decode(data[: int(len(data) * kept)])


@pytest.mark.parametrize("format_", FORMATS)
def test_bytes_behind_the_picture_do_not_matter(format_: str):
    data = encoded(gradient(), format_)

    assert decode(data + b"<html>" + bytes(5000)).tobytes() == decode(data).tobytes()


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("before", [b"\r\n", b"--boundary\r\n\r\n", b"\xef\xbb\xbf"])
def test_bytes_before_the_picture_make_it_none(format_: str, before: bytes):
    with pytest.raises(UnusablePictureError, match="came instead of a picture"):
        decode(before + encoded(gradient(), format_))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("profile", [b"broken", b"\0" * 128, b"\xff" * 300_000])
def test_broken_colour_profile_does_not_matter(format_: str, profile: bytes):
    assert finish_now(encoded(gradient(), format_, icc_profile=profile), width=256, height=256)
