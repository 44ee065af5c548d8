"""Runs the door for carriers' callbacks."""

from services.notification.callbacks.config import CallbacksSettings
from services.notification.callbacks.http import create_app, open_door
from shared.clock import SystemClock
from shared.doors.serve import connect, serve

if __name__ == "__main__":
    settings = CallbacksSettings.load()
    door = open_door(connect(settings), SystemClock(), settings, connect(settings))
    serve("callbacks", settings, create_app(door, settings.requests_in_flight), door.follower, door.remark)
