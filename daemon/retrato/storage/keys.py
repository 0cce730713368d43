"""
Names of stored pictures: ``<empresa>/<persona>/v<version>-<token>-<hash>.jpg``.

A key is never reused, since the token of a claim is not: an old picture stays until somebody removes it, and
caches may keep what they have for ever.
"""

import hashlib
import re
from dataclasses import dataclass

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
# ``h.`` marks a hashed id; the dot keeps it apart from every id that is used as it is.
_SEGMENT = r"(?:[A-Za-z0-9_-]{1,64}|h\.[0-9a-f]{40})"
_KEY = re.compile(rf"({_SEGMENT}/{_SEGMENT}/v[0-9]{{1,10}}-([0-9]{{1,19}})-[0-9a-f]{{16}})(?:_thumb)?\.jpg")
_LARGEST_TOKEN = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PictureKeys:
    """Where one version's picture and its thumbnail lie."""

    image: str
    thumbnail: str


def picture_keys(*, empresa_id: str, persona_id: str, version: int, token: int, sha256: str) -> PictureKeys:
    """
    The keys for *version* of a persona, drawn under the claim *token*; *sha256* is the image's hex digest.

    Ids are the host's text of any kind and length. One made of 1 to 64 of ``A-Z a-z 0-9 _ -`` stands as it
    is, any other as its BLAKE2b hash: no id leads out of its folder, and equal ids give equal folders.
    """
    folder = f"{_segment(empresa_id)}/{_segment(persona_id)}"
    image = f"{folder}/v{version}-{token}-{sha256[:16]}.jpg"
    return PictureKeys(image=image, thumbnail=thumbnail_of(image))


def thumbnail_of(image_key: str) -> str:
    """The key of the thumbnail that belongs to the picture under *image_key*."""
    return f"{image_key.removesuffix('.jpg')}_thumb.jpg"


def picture_of(key: str) -> tuple[str, int] | None:
    """The key of the picture, and the token in it, where *key* is a picture's or its thumbnail's; else None."""
    found = _KEY.fullmatch(key)
    if found is None or int(found[2]) > _LARGEST_TOKEN:
        return None
    return f"{found[1]}.jpg", int(found[2])


def is_key(text: str) -> bool:
    """Whether *text* is a key as :func:`picture_keys` makes them: nothing else is served or collected."""
    return _KEY.fullmatch(text) is not None


def _segment(text: str) -> str:
    if _SAFE.fullmatch(text):
        return text
    return "h." + hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=20).hexdigest()
