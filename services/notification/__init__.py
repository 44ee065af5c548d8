"""Notification: pages to people, and word back to the CAD."""
