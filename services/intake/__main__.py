"""Runs the door for CADs."""

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.clock import SystemClock
from shared.doors.serve import agencies_of, connect, serve

if __name__ == "__main__":
    settings = IntakeSettings.load()
    agencies = agencies_of(settings)
    app = create_app(connect(settings), SystemClock(), agencies, settings.sealer, settings)
    serve("intake", settings, app, remark=agencies.remark)
