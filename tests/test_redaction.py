"""A secret is taken out however it is written; nothing else is."""

import json
import time
from base64 import b32encode, b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrato.domain.redaction import MARK, Redactor, address_without_secrets, secrets_in_address
from retrato.logs import Blotter

KEY = "hf_CanaryKey+That/MustNever-BeSeen0123456789"
RAW = KEY.encode()
HALF = len(KEY) // 2

WRITTEN = {
    "as it is": KEY,
    "in capitals": KEY.upper(),
    "percent": quote(KEY, safe=""),
    "percent, every character": "".join(f"%{byte:02x}" for byte in RAW),
    "percent, in capitals": "".join(f"%{byte:02X}" for byte in RAW),
    "percent, twice": quote("".join(f"%{byte:02x}" for byte in RAW), safe=""),
    "percent, every other": "".join(f"%{byte:02x}" if byte % 2 else chr(byte) for byte in RAW),
    "base64": b64encode(RAW).decode(),
    "base64 for addresses": urlsafe_b64encode(RAW).decode().rstrip("="),
    "base64 behind a user": b64encode(b"user:" + RAW).decode(),
    "base64 behind a word": b64encode(b"Bearer " + RAW + b"\n").decode(),
    "base64 before more": b64encode(b"a" + RAW + b" and more").decode(),
    "base64 in lines": b64encode(RAW).decode()[:30] + "\n" + b64encode(RAW).decode()[30:],
    "base64 in lines, escaped": b64encode(RAW).decode()[:30] + "\\n" + b64encode(RAW).decode()[30:],
    "in lines, escaped": "\\n".join(KEY),
    "base64, percent": quote(b64encode(RAW).decode(), safe=""),
    "hex": RAW.hex(),
    "hex in capitals": RAW.hex().upper(),
    "hex with colons": RAW.hex(":"),
    "hex with blanks": RAW.hex(" "),
    "hex escapes": "".join(f"\\x{byte:02x}" for byte in RAW),
    "hex numbers": ", ".join(f"0x{byte:02x}" for byte in RAW),
    "JSON escapes": "".join(f"\\u{byte:04x}" for byte in RAW),
    "JSON escapes in JSON": json.dumps("".join(f"\\u{byte:04x}" for byte in RAW)),
    "HTML": "".join(f"&#{byte};" for byte in RAW),
    "HTML in hex": "".join(f"&#x{byte:02x};" for byte in RAW),
    "in two lines": f"{KEY[:HALF]}\n{KEY[HALF:]}",
    "in blanks": " ".join(KEY),
    "in dashes": "-".join(KEY),
    "in quotes": "', '".join(KEY),
    "in fours": " ".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)),
    "with invisible spaces": "\u200b".join(KEY),
    "in two fields": f'{{"first": "{KEY[:HALF]}", "rest of it": "{KEY[HALF:]}"}}',
    "without its beginning": KEY[HALF:],
    "without its end": KEY[:HALF] + "...",
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("around", ["{}", "the key {} is wrong", "x={}&y=1", "<title>{}</title>"])
def test_no_piece_of_a_key_is_left(written: str, around: str):
    cleaned = Redactor([KEY]).clean(around.format(written))

    assert MARK in cleaned
    rest = cleaned.replace(MARK, "\0")
    for size in range(8, len(written) + 1, 8):
        assert not [at for at in range(len(written) - size + 1) if written[at : at + size] in rest and size > 12]
    assert around.partition("{}")[0] in cleaned or around == "{}"


@pytest.mark.parametrize(
    "line",
    [
        "avatar.finished provider=huggingface leg=huggingface/fal-ai took_s=8.2 attempts=3",
        "the database does not answer now: password authentication failed",
        "sha256=9f86d081884c7d659a2feaa0c55ad id=768e7df2-fc61-424e-9d3a-0123456789ab",
        "100%25 of %20 \\x41\\x42 &#65; 0x00",
        b32encode(b"something else altogether").decode(),
        "",
    ],
)
def test_other_text_stays_as_it_is(line: str):
    assert Redactor([KEY, "correct-horse-battery", "database-password", "geheim"]).clean(line) == line


def test_ordinary_words_of_a_secret_are_left():
    redactor = Redactor(["database-password-2024"])

    assert redactor.clean("the database says: wrong password") == "the database says: wrong password"
    assert redactor.clean("sent database-password-2024.") == f"sent {MARK}."


@given(st.text(), st.text(), st.text(min_size=8))
def test_secret_of_any_text_is_taken_out_and_nothing_breaks(before: str, after: str, secret: str):
    cleaned = Redactor([f"9Z{secret}"]).clean(f"{before}9Z{secret}{after}")

    assert f"9Z{secret}" not in cleaned or f"9Z{secret}" in before + after


def test_innocent_line_costs_little():
    redactor = Redactor([KEY, f"{KEY}2", "sk-" + "a1b2c3d4" * 20])
    line = "avatar.finished provider=huggingface leg=huggingface/fal-ai took_s=8.2 " * 5

    began = time.perf_counter()
    for _ in range(1000):
        redactor.clean(line)

    assert time.perf_counter() - began < 2  # about 0.05 s on a quiet machine


ADDRESSES = [
    ("postgresql://u:p@ssGeheim@h/db", "postgresql://u:[secret]@h/db"),
    ("postgresql://u:p@ss@Geheim@h:5432/db", "postgresql://u:[secret]@h:5432/db"),
    ("postgresql://u:ge/Geheim@h/db", "postgresql://u:[secret]@h/db"),
    ("postgresql://u:12/Geheim@h/db", "postgresql://u:[secret]@h/db"),
    ("postgresql://u:ge?Geheim@h/db", "postgresql://[secret]"),
    ("postgresql://u:ge#Geheim@h/db", "postgresql://[secret]"),
    ("postgresql://u@h/db?password=Geheim", "postgresql://u@h/db?password=[secret]"),
    ("postgresql://u@h/db?password=Ge@heim", "postgresql://[secret]"),
    ("postgresql://h/db?user=u&password=ge&Geheim", "postgresql://h/db?user=u&password=[secret]&[secret]"),
    ("postgresql://h/db?password=ge&Geheim=1", "postgresql://h/db?password=[secret]&[secret]"),
    (
        "postgresql://h/db?sslpassword=Geheim&sslmode=require",
        "postgresql://h/db?sslpassword=[secret]&sslmode=require",
    ),
    ("postgresql://u:Geheim/db", "postgresql://[secret]/db"),
    ("postgresql://u:Geheim@a:1,b:2/db", "postgresql://u:[secret]@a:1,b:2/db"),
    ("postgresql://u:Geheim@[::1]:5432/db", "postgresql://u:[secret]@[::1]:5432/db"),
    ("postgresql://h/Geheim#", "postgresql://h/[secret]"),
    ("host=h user=u password=Geheim", "[secret]"),
    ("Geheim", "[secret]"),
    ("", "[secret]"),
    ("postgresql://u:%40Geheim@h/db?application_name=x", "postgresql://u:[secret]@h/db?application_name=x"),
    ("postgresql:///db?host=h", "postgresql:///db?host=h"),
]


@pytest.mark.parametrize(("address", "shown"), ADDRESSES)
def test_address_is_shown_without_any_part_of_its_password(address: str, shown: str):
    assert address_without_secrets(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:ab@cdEF12gh34@h/db",
        "postgresql://u:ab/cdEF12gh34@h/db",
        "postgresql://u:ab?cdEF12gh34@h/db",
        "postgresql://u@h/db?password=cdEF12gh34",
        "postgresql://u@h/db?password=ab@cdEF12gh34",
        "postgresql://u@h/db?password=ab&cdEF12gh34",
        "postgresql://u:cd%45%46%31%32gh34@h/db",
        "host=h password=cdEF12gh34",
    ],
)
@pytest.mark.parametrize("line", ['host "{}" is unknown', "tried {}", "{}"])
def test_password_that_breaks_its_address_is_in_no_line(address: str, line: str):
    blotter = Blotter(secrets_in_address(address))

    assert "cdEF12gh34" not in blotter.clean(line.format("cdEF12gh34"))
    assert "cdEF12gh34" not in blotter.clean(line.format(address))


def test_password_that_is_an_ordinary_word_blots_no_lines():
    assert secrets_in_address("postgresql://postgres:postgres@h/db") == []
    assert secrets_in_address("postgresql://app:password@h/db") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://u:p@Geheim@h/x",
        "https://h/x?password=Geheim",
        "https://h/x?a=1&api_key=Geheim",
        "https://h/x?X-Amz-Signature=Geheim",
        "https://h/x?token=Geheim",
    ],
)
def test_secret_of_an_unknown_address_is_blotted(url: str):
    assert "Geheim" not in Blotter(()).clean(f"tried {url} in vain")
