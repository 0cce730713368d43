"""How a persona looks: everything a prompt says of it beside gender, age and work."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    English phrases, ready for their sentences; told by the host's row or drawn, and kept over all versions.

    ``attempt`` is the number that it was drawn with. ``basis`` is a hash of what the row said, ``from_age`` the
    youngest age in years that it suits: where the row has changed so far that they do not fit any more, a new
    look is drawn. ``decade`` is the persona's age when drawn, in full tens. ``twin`` is empty but where the row
    leaves no face that is not taken.
    """

    attempt: int
    basis: str
    from_age: int
    decade: int
    noun: str
    origin: str
    skin: str
    face: str
    eyes: str
    hair: str
    beard: str = ""
    glasses: str = ""
    accessories: str = ""
    trait: str = ""
    expression: str
    clothes: str
    background: str
    light: str
    twin: str = ""

    @property
    def fingerprint(self) -> str:
        """
        32 hexadecimal digits over what is seen at first sight; who shares them in a company looks alike.

        Gender, decade, skin, face, hair, beard and glasses. Eyes, the small trait, clothes and light also
        differ between personas, but would not tell two of them apart by themselves.
        """
        seen = (
            self.noun, str(self.decade), self.skin, self.face, self.hair, self.beard, self.glasses, self.twin,
        )  # fmt: skip
        return hashlib.blake2b("\0".join(seen).encode(errors="surrogatepass"), digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: text and whole numbers by field name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """
        The look that :meth:`to_dict` wrote; keys of another release that are unknown here are left out.

        Raises:
            ValueError: a field is missing or not of its type.

        """
        values = {field.name: data.get(field.name, field.default) for field in fields(cls)}
        whole = {field.name for field in fields(cls) if field.type is int}
        wrong = [name for name, value in values.items() if not isinstance(value, int if name in whole else str)]
        if wrong:
            raise ValueError(f"a look needs text and whole numbers in {', '.join(wrong)}, not {dict(data)!r}")
        return cls(**values)
