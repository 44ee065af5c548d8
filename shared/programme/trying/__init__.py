"""Trying a document out before it decides anything: its page, differences, coverage. Pure."""
