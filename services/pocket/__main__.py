"""Runs the door with the pocket page."""

from services.pocket.config import PocketSettings
from services.pocket.door import open_door
from services.pocket.http import create_app
from shared.clock import SystemClock
from shared.doors.serve import connect, serve

if __name__ == "__main__":
    settings = PocketSettings.load()
    door = open_door(connect(settings), SystemClock(), settings, connect(settings))
    serve("pocket", settings, create_app(door, settings.requests_in_flight), door.follower)
