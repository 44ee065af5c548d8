"""Runs the door for CADs."""

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.agencies import agencies_in
from shared.clock import SystemClock
from shared.doors.serve import connect, serve

if __name__ == "__main__":
    settings = IntakeSettings.load()
    agencies = agencies_in(settings.agencies_file)
    app = create_app(connect(settings), SystemClock(), agencies, settings.sealer, settings)
    serve("intake", settings, app, remark=agencies.remark)
