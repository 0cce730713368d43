"""fal's input for flux/dev and flux/schnell: its defaults, and its 422 when a field is wrong."""

from typing import Any

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.fault import answer
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection

_SIZES = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
_DEFAULT_SIZE = "landscape_4_3"
_LONGEST_SIDE = 14142


def read_input(body: Any, *, steps: int, random_seed: int) -> list[Shot]:
    """
    The pictures that *body* orders. Unknown fields (``aspect_ratio`` among them) are ignored, as fal does.

    *steps* is the application's default, *random_seed* is taken where none is sent.

    Raises:
        Rejection: 422 with the field's place and what it should be.

    """
    try:
        fields = Fields(body)
        prompt = fields.text("prompt")
        fields.whole("num_inference_steps", steps, least=1, most=50)
        fields.number("guidance_scale", 3.5, least=1, most=20)
        count = fields.whole("num_images", 1, least=1, most=4)
        seed = fields.whole("seed", random_seed)
        width, height = _size(fields)
        form = fields.choice("output_format", "jpeg", ("jpeg", "png"))
    except WrongFieldError as wrong:
        raise _invalid(wrong) from wrong
    return [
        Shot(prompt=prompt, seed=seed + number, width=width, height=height, format=form) for number in range(count)
    ]


def _size(fields: Fields) -> tuple[int, int]:
    if isinstance(fields.raw("image_size"), dict):
        size = fields.inner("image_size")
        width = size.whole("width", 512, least=1, most=_LONGEST_SIDE)
        return width, size.whole("height", 512, least=1, most=_LONGEST_SIDE)
    return _SIZES[fields.choice("image_size", _DEFAULT_SIZE, tuple(_SIZES))]


def _invalid(wrong: WrongFieldError) -> Rejection:
    entry = {
        "loc": ["body", wrong.field] if wrong.field else ["body"],
        "msg": str(wrong),
        "type": wrong.kind,
        "url": f"https://docs.fal.ai/errors#{wrong.kind}",
        "ctx": {},
        "input": wrong.value,
    }
    return Rejection(answer(422, {"detail": [entry]}, headers={"X-Fal-Retryable": "false"}, name="fal_422"))
