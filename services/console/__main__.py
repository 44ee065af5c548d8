"""Runs the door for people."""

from services.console.api.http import create_app
from services.console.config import ConsoleSettings
from shared.agencies import agencies_in
from shared.clock import SystemClock
from shared.doors.serve import connect, serve

if __name__ == "__main__":
    settings = ConsoleSettings.load()
    agencies = agencies_in(settings.agencies_file)
    app = create_app(connect(settings), SystemClock(), agencies, settings, connect(settings))
    serve("console", settings, app, app.state.follower, agencies.remark)
