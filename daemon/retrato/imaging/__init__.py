"""Check, normalise, thumbnail."""
