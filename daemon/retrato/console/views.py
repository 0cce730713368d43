"""HTML out of templates: one environment per language, everything escaped."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from retrato.console import words
from retrato.console.assets import address_of, assets
from retrato.console.outlook import Hindrance
from retrato.console.texts import LANGUAGES, texts
from retrato.store.console_rows import NOBODYS, Card
from retrato.store.status import STATES

_TEMPLATES = Path(__file__).parent / "templates"
_HTTPS = "https://"


@cache
def environment(tag: str) -> jinja2.Environment:
    """The templates in the language *tag*."""
    spoken = texts(tag)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.install_gettext_translations(spoken.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": spoken.number,
        "usd": spoken.usd,
        "percent": spoken.percent,
        "seconds": spoken.seconds,
        "span": spoken.span,
        "when": lambda moment: _time(spoken.when(moment), moment),
        "dom_id": dom_id,
        "initials": initials,
        "picture": picture,
        "urlencode_part": lambda text: quote(text, safe=""),
    }
    environment.globals |= {
        "asset": address_of,
        "languages": LANGUAGES,
        "tag": tag,
        "state_words": words.STATES,
        "states_of_many": words.STATES_OF_MANY,
        "state_icons": words.ICONS,
        "state_hints": words.STATE_HINTS,
        "fault_words": words.FAULTS,
        "result_words": words.RESULTS,
        "states": STATES,
        "hindrances": Hindrance,
        "nobodys": NOBODYS,
    }
    return environment


def read_all() -> None:
    """Read and compile all that pages are made of, in all languages: files may be gone later, or descriptors."""
    assets()
    for tag in LANGUAGES:
        spoken = environment(tag)
        for name in spoken.list_templates():
            spoken.get_template(name)


def render(tag: str, template: str, **values: Any) -> str:
    """The *template* (file name) in the language *tag*."""
    return environment(tag).get_template(template).render(**values)


def dom_id(persona_id: str) -> str:
    """The id of a persona's card in the page: whatever the key holds, letters and digits only."""
    return "card-" + hashlib.blake2b(persona_id.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def initials(name: str) -> str:
    """One or two letters in the place of a picture."""
    parts = [part for part in name.split() if part[0].isalpha()]
    letters = [part[0] for part in (parts[:1] + parts[1:][-1:])]
    return "".join(letters).upper() or "?"


def picture(card: Card, *, large: bool = False) -> str | None:
    """The address of a persona's picture: our own copy, else the application's where a page may show it."""
    key = card.image_key if large else card.thumbnail_key
    if key is not None:
        return f"/avatars/{key}"
    if card.foreign_url is not None and card.foreign_url.startswith(_HTTPS):
        return card.foreign_url
    return None


def _time(said: str, moment: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), said)
