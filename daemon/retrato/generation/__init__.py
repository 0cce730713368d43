"""From a claimed job to a finished picture: pipeline, chain, retrying."""
