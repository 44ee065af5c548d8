"""One service's host each, as its project's documentation has it; run in the peers' own environment."""
