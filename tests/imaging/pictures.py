"""Made pictures for the tests, as bytes in any format."""

import base64
import io
import struct
import zlib
from typing import Any

from PIL import Image


def gradient(width: int = 512, height: int = 512) -> Image.Image:
    """A picture that is neither uniform nor symmetrical: red grows to the right, green downwards."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


def encoded(picture: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def png(header: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, with right checksums; *header* is the body of IHDR."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), *chunks, (b"IEND", b""))
    )


def png_of_declared_size(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG whose header declares any size, with next to no pixels behind it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return png(header, (b"IDAT", zlib.compress(bytes(64))))


def with_chunk(data: bytes, kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    """A PNG with one more chunk behind its header."""
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return data[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum) + data[33:]


def with_scans(data: bytes, count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until it has *count* of them."""
    start = data.rindex(b"\xff\xda")
    return data[:-2] + data[start:-2] * (count - data.count(b"\xff\xda")) + b"\xff\xd9"


LYING_AVIF = zlib.decompress(
    base64.b85decode(
        b"c-muNU{FXasVqn=%S>Yc0uY^>nP!-qnV9D5Xy^nKdYzkElE?r7iWw<6MNl?FL1uCZ0~+8f$SlbPvlxL`E;A=T8N_h`@fjhajKT~I"
        b"JUu|RMrLMS8eFXukdw*;<t3IG7&_<Y<b&<X$}A`<0Mg!>1<Cn9S|qc$AQfUA6BIKD6l7Lpf*8yk92`K3C$Y@Xxlx`6BqW@ipHq~V"
        b"oKpcbnU{gB0VpJ%S&$3!6VPESj7-feKuuF}QxZ#r7`V9Qzn87QwRaJd6fcL-FA3o%iw_?bIDFpbv!en7L-_eKu1fnjUSBE~3v9Wa"
        b"9XL&P;{NUlKiYNe7szvoL|nRjK(HfuV*HAXnZiGw$ri4t{8_8)$i1qo*DOHPZ^o+ga?4-+{ob0taapoh$U{x$i@$g8<#4y;JC`4M"
        b"{!CEZ#5uJQ0Y?rmkMh2B_>N(q$@RVBr+As9`W&CKJx-jek(T1If>q?`+O@Mq^;Odv#m%K}ta~B%T{U}k>qj3c!<8D#%^vgpY4@7?"
        b"^vZ)3_C5z|_Vg9W&bdcJqYKC|+M+G=ownxkvwvh|>JA=!opEu0=2Us(wC^#Wmy`wYH9W7&`rfe6vpfEau1K-d+mng&C$BAUuT$dH"
        b"IkRe-{DPqwPNPvU8U>?KFd7A;Q7{?>qfsy#1=Ng!Vj6hnwvMm7^ApD%{*R6NenwvS>f7yk)>>)#cagrHSWXw-?B65DQu@Sag<a%="
        b"^#67`-?$F{c;NdrJZ<WaZ~zDCGPe"
    )
)
"""It says that it is 512 x 512; what it holds has 14,000 x 14,000 pixels: 380 MB to decode, of 3 kB."""
