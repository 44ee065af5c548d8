"""Runs the door for people."""

from services.console.api.http import create_app
from services.console.config import ConsoleSettings
from shared.doors.serve import serve

if __name__ == "__main__":
    settings = ConsoleSettings.load()
    serve("console", settings, lambda broker, clock, agencies: create_app(broker, clock, agencies, settings))
