"""The careroute command."""
