"""From a width and a height to what a provider takes instead of them."""

from collections.abc import Sequence

from retrato.domain.picture import Order


def nearest(order: Order, shapes: Sequence[str]) -> str:
    """The one of *shapes*, ``16:9`` or ``1536x1024``, whose ratio comes nearest to the order's."""
    return min(shapes, key=lambda shape: abs(_quotient(shape) - order.width / order.height))


def _quotient(shape: str) -> float:
    width, height = shape.replace(":", "x").split("x")
    return int(width) / int(height)
