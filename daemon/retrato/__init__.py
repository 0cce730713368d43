"""Retrato gives every persona a face."""
