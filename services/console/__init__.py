"""The door for people, and for CADs that ask: an HTTP API, and the `careroute` command line on it."""
