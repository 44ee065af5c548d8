"""The HTTP API for people, and for CADs that ask."""
