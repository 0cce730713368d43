"""Addresses that only fill the place of a picture, as a regular expression of Postgres."""

from collections.abc import Sequence

from retrato.store.patterns import literal

# Services that draw something for everybody, and files that stand where there is no picture (docs/adopting.md). A
# Gravatar is a person's own picture unless its address says what to show in its place.
_KNOWN = (
    *(
        r"dicebear\.com",
        r"ui-avatars\.com",
        r"unsplash\.com",
        r"pravatar\.cc",
        r"robohash\.org",
        r"multiavatar\.com",
    ),
    *(r"boringavatars\.com", r"adorable\.io", r"joeschmoe\.io", r"iran\.liara\.run", r"randomuser\.me"),
    *(
        r"picsum\.photos",
        r"placeholder\.com",
        r"placehold\.",
        r"placekitten\.com",
        r"dummyimage\.com",
        r"fakeimg\.pl",
    ),
    r"gravatar\.com/.*[?&]d(efault)?=(mp|mm|mystery|identicon|monsterid|wavatar|retro|robohash|blank|initials|color)",
    r"gravatar\.com/avatar/?(0{32}|$|\?)",
    r"default[-_]?(avatar|user|profile)",
    r"(avatar|user|profile)[-_](default|placeholder|padrao)",
    r"(no|sem)[-_](avatar|photo|foto|image|imagem|picture)\y",
    r"(^|/)placeholder[^/]*$",
    # The replaced script's own temporary files.
    "temp_",
)


def placeholders(own: Sequence[str]) -> str:
    """What is true of a placeholder's address; *own*: what further addresses of this kind contain."""
    return "|".join([*_KNOWN, *map(literal, own)])
