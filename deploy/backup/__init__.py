"""Copies of a cluster's topics in files, and a cluster made of such files again."""
