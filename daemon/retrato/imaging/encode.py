"""The finished JPEG files. Their only metadata is ours: the mark that a machine drew this."""

import io

from PIL import Image

_IMAGE_QUALITY = 90
_THUMBNAIL_QUALITY = 85

# IPTC's recommendation for pictures made by a trained model, read by search engines and editors:
# https://iptc.org/std/photometadata/documentation/userguide/ (Digital Source Type).
_AI_GENERATED = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    " Iptc4xmpExt:DigitalSourceType="
    '"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
).encode()


def encode_image(picture: Image.Image) -> bytes:
    """JPEG of an RGB picture, 4:4:4 because hair and lips against skin suffer first from coarse colour."""
    return _jpeg(picture, quality=_IMAGE_QUALITY, subsampling="4:4:4")


def encode_thumbnail(picture: Image.Image) -> bytes:
    """JPEG of an RGB thumbnail, as small as it may be: a gallery loads hundreds."""
    return _jpeg(picture, quality=_THUMBNAIL_QUALITY, subsampling="4:2:0")


def _jpeg(picture: Image.Image, *, quality: int, subsampling: str) -> bytes:
    def saved(*, optimize: bool) -> bytes:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, subsampling=subsampling, optimize=optimize, xmp=_AI_GENERATED)
        return file.getvalue()

    try:
        return saved(optimize=True)
    except OSError:
        # Pillow gives an optimised file a buffer of one byte a pixel, and fine grain needs more. Without, it is
        # written in pieces and a few per cent larger.
        return saved(optimize=False)
