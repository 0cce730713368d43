"""Reading the fields of a request body as strictly as the providers' validators do."""

from collections.abc import Mapping, Sequence
from typing import Any


class WrongFieldError(Exception):
    """
    A field is not as the provider wants it. Each dialect says so in its own shape.

    Attributes:
        field: its name, empty for the body as a whole.
        kind: pydantic's name of the error, e.g. ``missing``, ``int_type``, ``less_than_equal``.
        value: what was sent.

    """

    def __init__(self, field: str, message: str, *, kind: str, value: Any = None) -> None:
        super().__init__(message)
        self.field = field
        self.kind = kind
        self.value = value


class Fields:
    """
    A body's fields. Every method raises ``WrongFieldError``; null counts as left out.

    Ranges include both ends.
    """

    def __init__(self, body: Any) -> None:
        if not isinstance(body, Mapping):
            raise WrongFieldError("", "Input should be a valid dictionary", kind="dict_type", value=body)
        self._body: Mapping[str, Any] = body

    def has(self, name: str) -> bool:
        """Was it sent?"""
        return self._body.get(name) is not None

    def only(self, known: Sequence[str], *, message: str, kind: str) -> None:
        """Refuse the first name that is none of *known*; ``{}`` in *message* stands for it."""
        for name in self._body:
            if name not in known:
                raise WrongFieldError(name, message.format(name), kind=kind, value=self._body[name])

    def inner(self, name: str) -> "Fields":
        """The object in field *name*; an empty one where there is none."""
        return Fields(self._get(name, {}))

    def text(self, name: str, *, longest: int = 32_000) -> str:
        """A required text of 1 to *longest* characters."""
        value = self._get(name, None)
        if value is None:
            raise WrongFieldError(name, "Field required", kind="missing", value=dict(self._body))
        if not isinstance(value, str):
            raise WrongFieldError(name, "Input should be a valid string", kind="string_type", value=value)
        if not 1 <= len(value) <= longest:
            message = f"String should have 1 to {longest} characters"
            raise WrongFieldError(name, message, kind="sequence_too_long", value=value)
        return value

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**63) -> int:
        """A whole number."""
        value = self._get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise WrongFieldError(name, "Input should be a valid integer", kind="int_type", value=value)
        return int(self.number(name, default, least=least, most=most))

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Any number."""
        value = self._get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise WrongFieldError(name, "Input should be a valid number", kind="float_type", value=value)
        if value < least:
            message = f"Input should be greater than or equal to {least}"
            raise WrongFieldError(name, message, kind="greater_than_equal", value=value)
        if value > most:
            message = f"Input should be less than or equal to {most}"
            raise WrongFieldError(name, message, kind="less_than_equal", value=value)
        return value

    def choice(self, name: str, default: str, options: Sequence[str]) -> str:
        """One of *options*."""
        value = self._get(name, default)
        if not isinstance(value, str) or value not in options:
            listed = ", ".join(f"'{option}'" for option in options)
            raise WrongFieldError(name, f"Input should be one of {listed}", kind="one_of", value=value)
        return value

    def size(self, name: str, default: str, *, between: str = "x", sides: tuple[int, int]) -> tuple[int, int]:
        """``"1024x768"`` → (1024, 768), each side within *sides*."""
        value = self._get(name, default)
        width, _, height = str(value).partition(between)
        if not (width.isdecimal() and height.isdecimal()):
            message = f"Input should be 'width{between}height', got {value!r}"
            raise WrongFieldError(name, message, kind="invalid_value", value=value)
        least, most = sides
        if not all(least <= side <= most for side in (int(width), int(height))):
            message = f"Each side should be {least} to {most}, got {value!r}"
            raise WrongFieldError(name, message, kind="invalid_value", value=value)
        return int(width), int(height)

    def raw(self, name: str, default: Any = None) -> Any:
        """Whatever was sent."""
        return self._get(name, default)

    def _get(self, name: str, default: Any) -> Any:
        value = self._body.get(name)
        return default if value is None else value
