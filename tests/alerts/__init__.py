"""Fires the alerts for real, one cause after the other: `python -m tests.alerts`."""
