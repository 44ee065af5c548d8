"""Runs the door for people."""

from services.console.config import ConsoleSettings
from services.console.http import create_app
from shared.door import serve

if __name__ == "__main__":
    settings = ConsoleSettings.load()
    serve("console", settings, lambda broker, clock, agencies: create_app(broker, clock, agencies, settings))
