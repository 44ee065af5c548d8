"""Anything at every door and reader: nothing answers 500, nothing raises what it does not promise, nothing is slow."""
