"""Drawn faces: flat, calm portraits that are a function of prompt, seed and size."""

from retrato.simulator.faces.portrait import draw_face, draw_pattern

__all__ = ["draw_face", "draw_pattern"]
