"""Persona to prompt."""
