"""Reads the shifts that another tool has planned, CSV or iCalendar, by a mapping document."""
