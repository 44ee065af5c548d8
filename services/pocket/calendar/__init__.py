"""Calendars that people subscribe to: their own shifts, or everybody's."""
