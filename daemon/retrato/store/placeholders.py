"""
Addresses that only fill the place of a picture, as SQL with built-in operators alone; docs/adopting.md names them.

Triggers ask for every row. One long regular expression would take ten times as long: its automaton is built anew
for each text. So services are looked up by a part of their host's name, files by what they begin with.
"""

from collections.abc import Sequence

from retrato.store.patterns import literal, quoted_text, quoted_texts

# Found anywhere: pages also show them through a proxy of their own. The last are the replaced script's own files.
_ANYWHERE = (r"dicebear\.com", r"ui-avatars\.com", r"unsplash\.com", "temp_")
# The label before the last one of a host's name.
_SERVICES = (
    *(
        "pravatar",
        "robohash",
        "placeholder",
        "placehold",
        "placekitten",
        "multiavatar",
        "boringavatars",
        "adorable",
    ),
    *("joeschmoe", "liara", "randomuser", "picsum", "dummyimage", "fakeimg"),
)
# A Gravatar is a person's own picture unless its address says what to show in its place, or names nobody.
_NOBODY = (
    "[?&]d(efault)?=(mp|mm|mystery|identicon|monsterid|wavatar|retro|robohash|blank|initials|color)"
    "|/avatar/?(0{32}|[?]|$)"
)
# Beginnings of a file's name, with - for _.
_FILES = (
    *(f"{one}-{other}%" for one in ("default", "no", "sem") for other in ("avatar", "photo", "foto", "image")),
    *("default-user%", "default-profile%", "no-imagem%", "sem-imagem%", "no-picture%", "default-picture%"),
    *(
        f"{one}-{other}%"
        for one in ("avatar", "user", "profile")
        for other in ("default", "placeholder", "padrao")
    ),
    "placeholder%",
)


def placeholder(url: str, own: Sequence[str]) -> str:
    """
    Whether an address is a placeholder's, never null; an empty one is not.

    *url*: an expression, which is repeated; *own*: what further addresses of this kind contain.
    """
    text = f"coalesce({url}::text, '')"
    lower = f'lower({text}) collate "C"'
    service = f"split_part(split_part({lower}, '/', 3), '.', -2)"
    anywhere = "|".join([*_ANYWHERE, *map(literal, own)])
    return (
        f"({text} ~* {quoted_text(anywhere)}"
        f" or {service} = any ({quoted_texts(_SERVICES)})"
        f" or split_part(translate({lower}, '_', '-'), '/', -1) like any ({quoted_texts(_FILES)})"
        f" or {service} = 'gravatar' and {lower} ~ {quoted_text(_NOBODY)})"
    )
