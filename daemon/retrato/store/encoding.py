"""
Databases in another encoding than UTF-8: what they cannot hold is written as a question mark.

The driver speaks UTF-8 and the server converts, which fails at the first character that its encoding lacks: an
emoji in a provider's error, a dash in a prompt. A persona with its picture is worth more than that character.
"""

import json
from codecs import lookup
from typing import Any

import asyncpg

from retrato.domain.errors import ConfigError

# Where Python has another name for it; the rest it knows by Postgres' own.
_WINDOWS = "WIN"
_NAMES = {"KOI8R": "koi8-r", "KOI8U": "koi8-u", "EUC_CN": "gb2312"}
_UNKNOWN = ("SQL_ASCII", "MULE_INTERNAL")
"""Encodings of which nobody can say what their bytes mean, and one that only Postgres knows."""


def codec_of(encoding: str) -> str:
    """
    Python's name for one of Postgres' encodings.

    Raises:
        ConfigError: texts in it cannot be read.

    """
    name = f"cp{encoding.removeprefix(_WINDOWS)}" if encoding.startswith(_WINDOWS) else encoding
    try:
        if encoding not in _UNKNOWN:
            return lookup(_NAMES.get(encoding, name)).name
    except LookupError:
        pass
    raise ConfigError(
        f"the database's encoding is {encoding}, whose texts cannot be read for sure: move it into one in UTF8 "
        "(create database … encoding 'UTF8' template template0; pg_dump, pg_restore)"
    )


async def speak(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """
    Let a new connection write what its database can hold; nothing changes where that is all of Unicode.

    Raises:
        ConfigError: texts there cannot be read.

    """
    encoding = connection.get_settings().server_encoding
    if encoding in {"UTF8", "UNICODE"}:
        return
    codec = codec_of(encoding)

    def fit(text: str) -> str:
        return text.encode(codec, "replace").decode(codec)

    def fit_json(text: str) -> str:
        return json.dumps(_fitted(json.loads(text), fit), ensure_ascii=False)

    for name, encoder in {"text": fit, "varchar": fit, "json": fit_json, "jsonb": fit_json}.items():
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encoder, decoder=str, format="text")


def _fitted(value: Any, fit: Any) -> Any:
    """JSON with each text in it brought through *fit*: the server refuses what an escape stands for, too."""
    match value:
        case str():
            return fit(value)
        case list():
            return [_fitted(one, fit) for one in value]
        case dict():
            return {fit(key): _fitted(one, fit) for key, one in value.items()}
        case _:
            return value
